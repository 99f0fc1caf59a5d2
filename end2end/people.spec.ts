import { Messenger } from './support/messenger.ts';
import { expect, FLOW, test } from './support/test.ts';
import { say, titled } from './support/words.ts';

test('one finds a person by handle or display name and starts a conversation that the other sees at once', FLOW, async ({
  enter,
  visit,
  server,
}) => {
  const stranger = await visit();
  await stranger.page.goto(`${server.url}/register`);
  await stranger.page.getByLabel(say('用户名')).fill('wang.wu');
  await stranger.page.getByLabel(say('昵称')).fill('王五 🐼');
  await stranger.page.getByLabel(say('密码')).fill('correct horse');
  await stranger.live(() => stranger.page.getByRole('button', { name: say('注册') }).click());
  const other = new Messenger(stranger.page);
  await expect(stranger.page.getByText(say('还没有会话'))).toBeVisible();

  const visitor = await enter('travel-dev-2-a');
  const me = new Messenger(visitor.page);
  await visitor.page.getByRole('link', { name: say('新会话') }).click();
  const dialog = visitor.page.getByRole('dialog', { name: say('新会话') });
  const search = dialog.getByRole('searchbox', { name: say('输入用户名或昵称') });
  await expect(search).toBeFocused();
  await search.fill('没有这个人');
  await expect(dialog.getByText(say('没有找到这样的用户'))).toBeVisible();
  for (const query of ['WANG.', '王五']) {
    await search.fill(query);
    await expect(dialog.getByRole('listitem')).toHaveCount(1);
    await expect(dialog.getByRole('button', { name: '王五 🐼' })).toContainText('@wang.wu');
  }
  await visitor.page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await visitor.page.getByRole('link', { name: say('新会话') }).click();
  await search.fill('wang.wu');
  await dialog.getByRole('button', { name: '王五 🐼' }).click();
  await expect(dialog).toBeHidden();
  await expect(me.page.getByRole('heading', { level: 2, name: '王五 🐼' })).toBeVisible();
  await expect(me.composer).toBeVisible();

  await me.send('你好，可以认识一下吗？');
  await expect(other.strangers).toContainText(say('{} 条未读消息', 1));
  await other.strangers.click();
  const row = other.session('travel-dev-2-a');
  await expect(row).toContainText('你好，可以认识一下吗？');
  await expect(row).toContainText(say('{} 条未读消息', 1));
  await other.choose('travel-dev-2-a');
  await other.send('当然可以！');
  await expect(me.message('当然可以！')).toBeVisible();

  // The same person again is the same conversation.
  await me.showList();
  await visitor.page.getByRole('link', { name: say('新会话') }).click();
  await search.fill('wang.wu');
  await dialog.getByRole('button', { name: '王五 🐼' }).click();
  await expect(me.message('当然可以！')).toBeVisible();
  await me.showList();
  await expect(me.sessions).toHaveCount(2);
});

test('one can write to oneself', async ({ enter }) => {
  const visitor = await enter('travel-dev-2-a');
  const me = new Messenger(visitor.page);
  await visitor.page.getByRole('link', { name: say('新会话') }).click();
  const dialog = visitor.page.getByRole('dialog', { name: say('新会话') });
  await dialog.getByRole('searchbox').fill('travel-dev-2-a');
  await dialog.getByRole('button', { name: 'travel-dev-2-a' }).click();
  await me.send('记得买牛奶');
  await expect(me.mark('记得买牛奶', say('已发送'))).toBeVisible();
  await expect(visitor.page).toHaveTitle(titled(0, '文件助手'));
  await expect(me.session(say('文件助手'))).toContainText('记得买牛奶');
});

test('the list is filtered by name and walked by arrow keys', async ({ enter, server }) => {
  const peer = await server.program('crimsun');
  const visitor = await enter('kleedrac');
  const me = new Messenger(visitor.page);
  await visitor.page.getByRole('link', { name: say('新会话') }).click();
  const dialog = visitor.page.getByRole('dialog', { name: say('新会话') });
  await dialog.getByRole('searchbox').fill('crimsun');
  await dialog.getByRole('button', { name: 'crimsun' }).click();
  await me.send('hi');
  await expect(me.mark('hi', say('已发送'))).toBeVisible();
  await peer.send(await peer.conversation(), 'hi to all');
  // It may move a row, which must be done before one walks along them.
  await expect(me.list).toContainText('hi to all');
  await expect(me.sessions).toHaveCount(2);

  const filter = visitor.page.getByRole('searchbox', { name: say('筛选会话') });
  await filter.fill('CRIM');
  await expect(me.sessions).toHaveCount(1);
  await filter.fill('nobody');
  await expect(visitor.page.getByText(say('没有匹配的会话'))).toBeVisible();
  await filter.fill('');
  await expect(me.sessions).toHaveCount(2);

  const links = me.sessions.getByRole('link');
  await links.first().focus();
  await visitor.page.keyboard.press('ArrowDown');
  await expect(links.nth(1)).toBeFocused();
  await visitor.page.keyboard.press('ArrowUp');
  await expect(links.first()).toBeFocused();
  await visitor.page.keyboard.press('Enter');
  await expect(links.first()).toHaveAttribute('aria-current', 'page');
});

test('a search that gets no answer says so where one looks, above the dialog too', async ({ enter }) => {
  const visitor = await enter('travel-dev-2-a');
  visitor.watch.allowOutage();
  visitor.watch.allow(/net::ERR_/);
  const { page, context } = visitor;
  await page.getByRole('link', { name: '新会话' }).click();
  const dialog = page.getByRole('dialog', { name: '新会话' });
  await context.setOffline(true);
  await dialog.getByRole('searchbox').fill('t');
  await expect(page.locator('.toast')).toBeVisible();
  await dialog.getByRole('button', { name: '关闭' }).click();
  await page.getByRole('link', { name: '新会话' }).click();
  await page.locator('.toasts').evaluate(toasts =>
    toasts.addEventListener('beforetoggle', event => Object.assign(window, { raised: (event as ToggleEvent).newState })),
  );
  await dialog.getByRole('searchbox').fill('travel');
  await expect(dialog.getByRole('status')).toHaveText('加载失败');
  await expect(page.locator('.toast')).toBeVisible();
  expect(await page.evaluate('raised'), 'it is put above the dialog that was opened since').toBe('open');
  await context.setOffline(false);
  await dialog.getByRole('searchbox').fill('travel-dev-0');
  await expect(dialog.getByRole('button', { name: 'travel-dev-0-a' })).toBeVisible();
});
