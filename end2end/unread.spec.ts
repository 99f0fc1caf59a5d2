import { Messenger } from './support/messenger.ts';
import { expect, FLOW, test } from './support/test.ts';
import { say, titled } from './support/words.ts';

test('unread messages are counted in the list and the title, stand below a divider, and reading lowers the count', FLOW, async ({
  enter,
  server,
}) => {
  const visitor = await enter('music-dev-0-a');
  const me = new Messenger(visitor.page);
  await expect(visitor.page).toHaveTitle(titled(0));
  const peer = await server.program('music-dev-0-b');
  const conversation = await peer.conversation();
  for (const text of ['第一条', '第二条', '第三条']) await peer.send(conversation, text);

  const row = me.session('music-dev-0-b');
  await expect(row.getByText(say('{} 条未读消息', 3))).toBeAttached();
  await expect(row).toContainText('第三条');
  await expect(visitor.page).toHaveTitle(titled(3));

  await row.getByRole('link').click();
  const divider = me.log.getByRole('separator', { name: say('以下为新消息') });
  await expect(divider).toBeInViewport();
  await expect(divider.locator('xpath=following-sibling::*[1]')).toContainText('第一条');
  await expect(visitor.page).toHaveTitle(titled(0, 'music-dev-0-b'));

  // What comes next is read at once, and the divider stays where it was.
  await peer.send(conversation, '第四条');
  await expect(me.message('第四条')).toBeInViewport();
  await expect(divider.locator('xpath=following-sibling::*[1]')).toContainText('第一条');
  await me.showList();
  await expect(row).toContainText('第四条');
  await expect(row).not.toContainText(say('未读'));
});

test('the server renders the unread count, the divider and the place', async ({ enter, visit, server }) => {
  const peer = await server.program('music-dev-1-b');
  const conversation = await peer.conversation();
  for (let n = 1; n <= 4; n += 1) await peer.send(conversation, `第 ${n} 条`);
  const visitor = await visit({ javaScriptEnabled: false });
  await visitor.login('music-dev-1-a');
  await expect(visitor.page).toHaveTitle(titled(4));
  await expect(visitor.page.getByText(say('{} 条未读消息', 4))).toBeAttached();
  await visitor.page.getByRole('link', { name: 'music-dev-1-b' }).click();
  await expect(visitor.page.getByRole('separator', { name: say('以下为新消息') })).toBeVisible();
  await visitor.context.close();

  const live = await enter('music-dev-1-a');
  await expect(live.page).toHaveTitle(titled(4));
});

test('a message that comes into a watched window never counts as unread', async ({ enter, server }) => {
  const visitor = await enter('music-dev-2-a');
  const me = new Messenger(visitor.page);
  await me.choose('music-dev-2-b');
  await expect(me.messages.last()).toBeInViewport();
  // The page finds out that its end is watched in the frame after the messages have come.
  await visitor.page.evaluate(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))));
  await visitor.page.evaluate(() => {
    const seen: string[] = ((window as any).seen = []);
    const look = () => {
      if (/^\(/.test(document.title)) seen.push(document.title);
      for (const badge of document.querySelectorAll('.sessions .badge')) seen.push(badge.textContent ?? '');
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  });
  const peer = await server.program('music-dev-2-b');
  const conversation = await peer.conversation();
  for (let n = 1; n <= 10; n += 1) await peer.send(conversation, `消息 ${n}`);
  await expect(me.message('消息 10')).toBeInViewport();
  expect(await visitor.page.evaluate('seen')).toEqual([]);
  const program = await server.program('music-dev-2-a');
  await expect.poll(() => program.conversations()).toMatchObject([{ unread: 0 }]);
});

test('a message that comes while one reads further up counts, and a button leads to it', FLOW, async ({ enter, server }) => {
  const visitor = await enter('kleedrac');
  const me = new Messenger(visitor.page);
  const group = 'ubuntu-2004-12-25.train-c';
  await me.choose(group);
  await expect(me.messages.last()).toBeInViewport();
  await me.log.hover();
  await visitor.page.mouse.wheel(0, -1500);
  await expect(me.messages.last()).not.toBeInViewport();

  const peer = await server.program('crimsun');
  await peer.send(await peer.conversation(), 'kleedrac: still there?');
  if (!me.narrow) await expect(me.session(group).getByText(say('{} 条未读消息', 1))).toBeAttached();
  const jump = me.page.getByRole('button', { name: say('{} 条新消息', 1) });
  await expect(jump).toBeVisible();
  await expect(visitor.page).toHaveTitle(titled(1, group));

  await jump.click();
  await expect(me.message('kleedrac: still there?')).toBeInViewport();
  await expect(jump).toBeHidden();
  await expect(visitor.page).toHaveTitle(titled(0, group));
  await me.showList();
  await expect(me.session(group)).not.toContainText(say('未读'));
});

test('the total is the sum of the conversations, shown up to 99 and told exactly', FLOW, async ({ enter, server }) => {
  const group = 'ubuntu-2004-12-25.train-c';
  const visitor = await enter('kleedrac');
  const me = new Messenger(visitor.page);
  const friend = await enter('crimsun');
  const theirs = new Messenger(friend.page);
  await theirs.page.getByRole('link', { name: say('新会话') }).click();
  await theirs.page.getByRole('searchbox', { name: say('输入用户名或昵称') }).fill('kleedrac');
  await theirs.page.getByRole('button', { name: 'kleedrac' }).click();
  await theirs.send('hi');
  await expect(visitor.page).toHaveTitle(titled(1));

  const peer = await server.program('wood1');
  const conversation = await peer.conversation();
  for (let n = 1; n <= 100; n += 1) await peer.send(conversation, `line ${n}`);
  await expect(me.session(group).getByText(say('{} 条未读消息', 100))).toBeAttached();
  await expect(me.session(group).getByText('99+', { exact: true })).toBeVisible();
  await expect(visitor.page).toHaveTitle(titled('99+'));
  const unread = (await (await server.program('kleedrac')).conversations()).map(it => it.unread);
  expect(unread.sort()).toEqual([1, 100]);

  await me.strangers.click();
  await me.choose('crimsun');
  await expect(visitor.page).toHaveTitle(titled('99+', 'crimsun'));
  await me.showList();
  await expect(me.session('crimsun')).not.toContainText(say('未读'));
});
