import { Messenger } from './support/messenger.ts';
import { expect, FLOW, test } from './support/test.ts';
import { say, titled } from './support/words.ts';

test('a device that is removed is thrown to the login page at once', FLOW, async ({ enter }) => {
  const one = await enter('travel-dev-1-a');
  const two = await enter('travel-dev-1-a');
  const lost = new Messenger(two.page);
  await lost.choose('travel-dev-1-b');

  await one.page.getByRole('link', { name: say('设置') }).click();
  await one.page.getByRole('link', { name: say('登录设备') }).click();
  await expect(one.page.getByRole('listitem')).toHaveCount(2);
  await expect(one.page.getByText(say('本机'))).toHaveCount(1);
  two.watch.allow(/answer 401|status of 401/);
  await one.page.getByRole('button', { name: /移除设备|Remove the device/ }).click();
  await expect(two.page).toHaveURL(/\/login/, { timeout: 10_000 });
  await expect(one.page.getByRole('listitem')).toHaveCount(1);
  await two.page.goBack();
  await expect(two.page).toHaveURL(/\/login/);
  await expect(two.page.getByRole('log')).toHaveCount(0);
});

test('who logs out of one tab is logged out of the others', async ({ enter }) => {
  const visitor = await enter('travel-dev-1-a');
  const other = await visitor.tab();
  await other.open();
  visitor.watch.allow(/answer 401|status of 401/);
  await visitor.page.getByRole('link', { name: say('设置') }).click();
  await visitor.page.getByRole('button', { name: '退出登录' }).click();
  await expect(visitor.page).toHaveURL(/\/login/);
  await expect(other.page).toHaveURL(/\/login/);
});

test('two devices of one account agree', async ({ enter, server }) => {
  const one = await enter('travel-dev-1-a');
  const two = await enter('travel-dev-1-a');
  const here = new Messenger(one.page);
  const there = new Messenger(two.page);
  await here.choose('travel-dev-1-b');
  await here.send('从电脑发的');
  await expect(there.session('travel-dev-1-b')).toContainText('从电脑发的');

  const peer = await server.program('travel-dev-1-b');
  await one.page.goto(`${server.url}/settings`);
  await peer.send(await peer.conversation(), '收到');
  await expect(there.session('travel-dev-1-b')).toContainText(say('{} 条未读消息', 1));
  await one.open();
  await expect(here.session('travel-dev-1-b')).toContainText(say('{} 条未读消息', 1));
  await there.choose('travel-dev-1-b');
  await expect(here.session('travel-dev-1-b')).not.toContainText(say('未读'));
  await expect(one.page).toHaveTitle(titled(0));
});

// T23: a badge that stays after something was read elsewhere is worse than none.
test('what one device reads or deletes shows on the other within two seconds', FLOW, async ({ enter, server }) => {
  const [ME, PEER] = ['travel-dev-2-a', 'travel-dev-2-b'];
  const soon = { timeout: 2_000 };
  const here = new Messenger((await enter(ME)).page);
  const there = new Messenger((await enter(ME)).page);
  const peer = await server.program(PEER);
  const conversation = await peer.conversation();
  for (const text of ['读一读', '删一删']) await peer.send(conversation, text);
  await expect(there.page).toHaveTitle(titled(2));
  await expect(there.session(PEER)).toContainText(say('{} 条未读消息', 2));
  await here.showList();
  await here.session(PEER).getByRole('link').click();
  await expect(here.message('删一删')).toBeInViewport();
  await expect(there.page).toHaveTitle(titled(0), soon);
  await expect(there.session(PEER)).not.toContainText(say('未读'), soon);

  await expect(there.session(PEER)).toContainText('删一删');
  await here.act(here.message('删一删'), say('删除'));
  await expect(there.session(PEER)).not.toContainText('删一删', soon);
  await there.choose(PEER);
  await expect(there.message('读一读')).toBeVisible();
  await expect(there.message('删一删')).toHaveCount(0);
  await here.act(here.message('读一读'), say('删除'));
  await expect(there.message('读一读')).toHaveCount(0, soon);
});
