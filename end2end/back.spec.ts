import { Messenger } from './support/messenger.ts';
import { expect, test } from './support/test.ts';
import { say, titled } from './support/words.ts';

// Playwright's browsers keep no page that was left, unless they are told to.
test.use({
  launchOptions: {
    executablePath: process.env.SIXIN_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  },
});

test('going back to a page that the browser kept brings within two seconds what came meanwhile', async ({
  server,
  visit,
}) => {
  const visitor = await visit();
  const page = visitor.page;
  const me = new Messenger(page);
  // Our pages say `no-store`. A browser may keep such a page or not, and Chromium does not.
  await page.route(url => url.pathname === '/', async route => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), 'cache-control': 'private' } });
  });
  // It does not know where such an answer came from, and asks before such a page may reach the server.
  await visitor.context.grantPermissions(['local-network-access']);
  // It ends the connection of a page that it keeps, and says so.
  visitor.watch.allow(/Page entered Back-Forward Cache/);
  await visitor.enter('film-dev-4-a');
  // A page is thrown away when a service worker takes it over while it is kept.
  await visitor.stored();
  await me.choose('film-dev-4-b');
  const program = await server.program('film-dev-4-b');
  const conversation = await program.conversation();
  await program.send(conversation, '离开之前');
  await expect(me.message('离开之前')).toBeVisible();
  await page.evaluate(() => addEventListener('pageshow', event => Object.assign(window, { kept: event.persisted })));

  await page.goto(`${server.url}/settings`);
  await program.send(conversation, '离开之后');
  await page.goBack({ waitUntil: 'commit' });
  await expect(me.message('离开之后')).toBeVisible({ timeout: 2_000 });
  expect(await page.evaluate('window.kept'), 'the very page that was left').toBe(true);
  // It hears again as well.
  await program.send(conversation, '回来之后');
  await expect(me.message('回来之后')).toBeVisible();
  await expect(me.message('离开之后')).toHaveCount(1);

  // Nor does a count stay wrong.
  await page.getByRole('link', { name: '消息', exact: true }).click();
  await expect(page.getByText(say('选择一个会话开始聊天'))).toBeVisible();
  await page.evaluate('window.kept = undefined');
  await page.goto(`${server.url}/settings`);
  await program.send(conversation, '没有打开');
  await program.send(conversation, '也没有打开');
  await page.goBack({ waitUntil: 'commit' });
  await expect(page).toHaveTitle(titled(2), { timeout: 2_000 });
  expect(await page.evaluate('window.kept'), 'the very page that was left').toBe(true);
  await expect(me.session('film-dev-4-b').getByText(say('{} 条未读消息', 2))).toHaveCount(1);
});
