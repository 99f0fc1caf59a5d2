import { glance } from './support/look.ts';
import { Messenger } from './support/messenger.ts';
import { Server } from './support/server.ts';
import { test as base, expect, FLOW } from './support/test.ts';
import { say } from './support/words.ts';

const [STRANGER, RECEIVER] = ['film-dev-0-a', 'travel-dev-2-a'];

const test = base.extend({
  /** A server that lets strangers write three messages. */
  server: async ({ imported }, use) => {
    const folder = await imported.copy();
    const server = new Server(folder, { SIXIN_STRANGER_MSG_LIMIT: '3' });
    await server.start();
    await use(server);
    await server.stop();
    await folder.remove();
    expect(server.log, 'the server complains of nothing').toBe('');
  },
});

test('a stranger writes up to the limit, is told what the next waits for, and goes on once answered', FLOW, async ({
  enter,
  server,
}) => {
  const [stranger, receiver] = [await server.program(STRANGER), await server.program(RECEIVER)];
  const id = await stranger.open(await receiver.id());
  const visitor = await enter(STRANGER);
  visitor.watch.allow(/answer 403|status of 403/);
  await visitor.open(`/c/${id}`);
  const me = new Messenger(visitor.page);
  for (const text of ['你好', '我是小张', '想请教一个问题']) {
    await me.send(text);
    await expect(me.mark(text, say('已发送'))).toBeVisible();
  }
  const late = '在吗';
  await me.send(late);
  const toast = say('发送失败,对方回复后才能继续发消息');
  const told = visitor.page.getByRole('alert').filter({ hasText: toast });
  await expect(told).toHaveText(toast);
  await expect(me.mark(late, say('发送失败'))).toBeVisible();
  await expect(me.message(late).getByRole('note')).toHaveText(say('对方回复后才能继续发消息'));
  await expect(told).toHaveCount(0);
  await glance(visitor.page);
  // Trying again helps nothing before the answer.
  await me.message(late).getByRole('button', { name: say('点击重试') }).click();
  await expect(me.message(late).getByRole('note')).toHaveText(say('对方回复后才能继续发消息'));

  const peer = new Messenger((await enter(RECEIVER)).page);
  await expect(peer.strangers).toContainText(say('{} 条未读消息', 3));
  await peer.strangers.click();
  await peer.choose(STRANGER);
  await expect(peer.messages).toHaveCount(3);
  await expect(peer.message(late)).toHaveCount(0);
  await peer.send('你说');

  await expect(me.message('你说')).toBeVisible();
  await me.message(late).getByRole('button', { name: say('点击重试') }).click();
  await expect(peer.message(late)).toBeVisible();
  await expect(me.mark(late, say('发送失败'))).toHaveCount(0);
  await expect(me.message(late).getByRole('note')).toHaveCount(0);
  for (const text of ['第一', '第二', '第三', '第四']) {
    await me.send(text);
    await expect(peer.message(text)).toBeVisible();
  }
});

test('Alt and an arrow leave those in the box alone', async ({ enter, server }) => {
  const [stranger, receiver] = [await server.program(STRANGER), await server.program(RECEIVER)];
  await stranger.send(await stranger.open(await receiver.id()), '你好');
  const { page } = await enter(RECEIVER);
  const me = new Messenger(page);
  await expect(me.strangers).toContainText('1');
  await page.keyboard.press('Alt+Shift+ArrowDown');
  await page.keyboard.press('Alt+Shift+ArrowUp');
  await expect(page).toHaveURL(/:\d+\/$/);
  await me.strangers.click();
  await expect(me.session(STRANGER)).toContainText('1 条未读消息');
});
