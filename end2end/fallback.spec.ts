import type { Page } from '@playwright/test';
import { Messenger } from './support/messenger.ts';
import { Proxy } from './support/proxy.ts';
import type { Server } from './support/server.ts';
import { expect, test, Visitor } from './support/test.ts';

/** What carries the push connection of a page: how often a WebSocket has brought frames, and how many streams are open. */
function carriers(page: Page): { sockets: number; streams: number } {
  const seen = { sockets: 0, streams: 0 };
  const stream = (request: { url(): string }) => request.url().endsWith('/api/v1/push/events');
  page.on('websocket', socket => socket.once('framereceived', () => (seen.sockets += 1)));
  page.on('request', request => void (stream(request) && (seen.streams += 1)));
  for (const end of ['requestfinished', 'requestfailed'] as const) {
    page.on(end as 'requestfinished', request => void (stream(request) && (seen.streams -= 1)));
  }
  return seen;
}

test('behind a proxy that refuses WebSockets everything goes on, and a WebSocket is taken when it can be had', async ({
  server,
  visit,
}) => {
  test.setTimeout(180_000);
  const proxy = await Proxy.to(server);
  proxy.refuseUpgrades();
  const behind = async (handle: string, path = '/') => {
    const direct = await visit();
    direct.watch.allow(/WebSocket connection to/);
    const seen = carriers(direct.page);
    const visitor = new Visitor(direct.page, direct.context, direct.watch, { url: proxy.url } as Server);
    await visitor.enter(handle);
    await expect.poll(() => seen.streams, { timeout: 20_000 }).toBe(1);
    return { me: new Messenger(visitor.page), seen, page: visitor.page };
  };
  const one = await behind('film-dev-4-a');
  const other = await behind('film-dev-4-b');

  // Somebody at the list gets the message and its count; who opens it tells that it is read.
  await one.me.choose('film-dev-4-b');
  await one.me.send('没有 WebSocket 也能聊');
  await expect(one.me.mark('没有 WebSocket 也能聊', '已送达')).toBeVisible();
  await expect(other.me.session('film-dev-4-a')).toContainText('1 条未读消息');
  await other.me.choose('film-dev-4-a');
  await expect(one.me.mark('没有 WebSocket 也能聊', '已读')).toBeVisible();
  await expect(other.me.session('film-dev-4-a')).not.toContainText('条未读消息');
  // What the device says over the connection arrives too.
  const head = one.page.locator('.chat-head');
  await expect(head).toContainText('在线');
  await other.me.composer.pressSequentially('收到');
  await expect(head).toContainText('正在输入…');
  await other.me.composer.press('Enter');
  await expect(one.me.message('收到')).toBeVisible();
  await expect(one.page.getByText('网络已断开')).toBeHidden();
  expect(one.seen).toEqual({ sockets: 0, streams: 1 });
  expect(other.seen).toEqual({ sockets: 0, streams: 1 });

  proxy.heal();
  for (const { seen } of [one, other]) {
    await expect.poll(() => seen, { timeout: 100_000, intervals: [500] }).toEqual({ sockets: 1, streams: 0 });
  }
  await one.me.send('现在是 WebSocket 了');
  await expect(other.me.message('现在是 WebSocket 了')).toBeVisible();
  await expect(one.me.mark('现在是 WebSocket 了', '已读')).toBeVisible();
  await expect(head).toContainText('在线');
  await proxy.close();
});
