import { Messenger } from './support/messenger.ts';
import { Server } from './support/server.ts';
import { test as base, expect, FLOW } from './support/test.ts';
import { say, titled } from './support/words.ts';

const [ME, PEER] = ['music-dev-0-a', 'music-dev-0-b'];
const TEXTS = ['第一条', '第二条', '第三条'];

const test = base.extend({
  /** A server that is told of reading when a conversation is left. */
  server: async ({ imported }, use) => {
    const folder = await imported.copy();
    const server = new Server(folder, { SIXIN_READ_REPORT_POLICY: 'on-leave' });
    await server.start();
    await use(server);
    await server.stop();
    await folder.remove();
    expect(server.log, 'the server complains of nothing').toBe('');
  },
});

/** Lets the peer write, and has everything read in the window of a device, which tells nobody so yet. */
async function readUntold(me: Messenger, server: Server): Promise<void> {
  await me.choose(PEER);
  await expect(me.messages.last()).toBeInViewport();
  const peer = await server.program(PEER);
  const conversation = await peer.conversation();
  for (const text of TEXTS) await peer.send(conversation, text);
  for (const text of TEXTS) await expect(me.message(text)).toBeInViewport();
  await expect(me.page).toHaveTitle(titled(0, PEER));
}

/** Goes from the conversation to the list. */
async function leave(me: Messenger): Promise<void> {
  if (me.narrow) return me.showList();
  await me.page.getByRole('link', { name: say('消息'), exact: true }).click();
  await expect(me.page.getByText(say('选择一个会话开始聊天'))).toBeVisible();
}

// R004-B5: D1 has read three in its window and told nobody; it deletes one while D2 is closed.
test('what one device deletes in its window, before it tells of reading, is one less on a device that opens later', FLOW, async ({
  enter,
  server,
}) => {
  const one = new Messenger((await enter(ME)).page);
  const device = await enter(ME);
  await device.page.close();
  await readUntold(one, server);
  await one.act(one.message('第二条'), say('删除'));
  await expect(one.message('第二条')).toHaveCount(0);

  const opened = await device.tab();
  await opened.open();
  const two = new Messenger(opened.page);
  await expect(two.session(PEER).getByText(say('{} 条未读消息', 2))).toBeAttached();
  await expect(two.page).toHaveTitle(titled(2));
  await leave(one);
  await expect(two.page).toHaveTitle(titled(0));
  await expect(two.session(PEER)).not.toContainText(say('未读'));
});

// R004-B5: the same with D2 open.
test('what one device deletes in its window, before it tells of reading, is one less at once on a device that is open', FLOW, async ({
  enter,
  server,
}) => {
  const one = new Messenger((await enter(ME)).page);
  const two = new Messenger((await enter(ME)).page);
  await readUntold(one, server);
  await expect(two.page).toHaveTitle(titled(3));
  await expect(two.session(PEER).getByText(say('{} 条未读消息', 3))).toBeAttached();
  await one.act(one.message('第二条'), say('删除'));
  await expect(two.page).toHaveTitle(titled(2), { timeout: 2_000 });
  await expect(two.session(PEER).getByText(say('{} 条未读消息', 2))).toBeAttached();
  await leave(one);
  await expect(two.page).toHaveTitle(titled(0));
  await expect(two.session(PEER)).not.toContainText(say('未读'));
});

// R000-08: a page that ends tells what was read in it.
test('what was read in a page is told when the page ends, whether or not it is opened again', FLOW, async ({
  enter,
  server,
}) => {
  const one = new Messenger((await enter(ME)).page);
  const two = new Messenger((await enter(ME)).page);
  await readUntold(one, server);
  await expect(two.page).toHaveTitle(titled(3));
  await one.page.goto('about:blank');
  await expect(two.page).toHaveTitle(titled(0));
  await expect(two.session(PEER)).not.toContainText(say('未读'));
});

// R004-B5, R000-08: what counts is whether anybody is in the conversation on the device, not in which tab.
test('another tab at the list does not tell of what is read in a tab that is still in the conversation', async ({
  enter,
  server,
}) => {
  const visitor = await enter(ME);
  const tab = await visitor.tab();
  await tab.open();
  const [one, second] = [new Messenger(visitor.page), new Messenger(tab.page)];
  const two = new Messenger((await enter(ME)).page);
  await visitor.page.bringToFront();
  await readUntold(one, server);
  await expect(two.page).toHaveTitle(titled(3));
  // The other tab knows that it is read.
  await expect(second.session(PEER)).toContainText('第三条');
  await expect(second.page).toHaveTitle(titled(0));
  // Longer than a page waits before it tells.
  await second.page.waitForTimeout(3_000);
  await expect(two.page).toHaveTitle(titled(3));
  await one.act(one.message('第二条'), say('删除'));
  await expect(two.page).toHaveTitle(titled(2), { timeout: 2_000 });
  await leave(one);
  await expect(two.page).toHaveTitle(titled(0));
});
