import type { Page } from '@playwright/test';
import { Messenger } from './support/messenger.ts';
import { Proxy } from './support/proxy.ts';
import type { Server } from './support/server.ts';
import { expect, test, Visitor } from './support/test.ts';
import { turning } from './support/turn.ts';

/** What carries the push connection of a page: how often a WebSocket has brought frames, and how many streams are open. */
function carriers(page: Page): { sockets: number; streams: number } {
  const seen = { sockets: 0, streams: 0 };
  const stream = (request: { url(): string }) => new URL(request.url()).pathname === '/api/v1/push/events';
  page.on('websocket', socket => socket.once('framereceived', () => (seen.sockets += 1)));
  page.on('request', request => void (stream(request) && (seen.streams += 1)));
  for (const end of ['requestfinished', 'requestfailed'] as const) {
    page.on(end as 'requestfinished', request => void (stream(request) && (seen.streams -= 1)));
  }
  return seen;
}

/** Somebody whose every byte goes through the proxy, logged in. */
async function behind(proxy: Proxy, visitor: Visitor, handle: string) {
  visitor.watch.allow(/WebSocket connection to/);
  const seen = carriers(visitor.page);
  await new Visitor(visitor.page, visitor.context, visitor.watch, { url: proxy.url } as Server).enter(handle);
  return { me: new Messenger(visitor.page), seen, page: visitor.page };
}

test('behind a proxy that refuses WebSockets everything goes on, and a WebSocket is taken when it can be had', async ({
  server,
  visit,
}) => {
  test.setTimeout(180_000);
  const proxy = await Proxy.to(server);
  proxy.refuseUpgrades();
  const one = await behind(proxy, await visit(), 'film-dev-4-a');
  const other = await behind(proxy, await visit(), 'film-dev-4-b');
  for (const { seen } of [one, other]) await expect.poll(() => seen.streams, { timeout: 20_000 }).toBe(1);

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

test('where WebSockets hang an idle page takes a stream by itself, and a WebSocket when it can be had', async ({
  enter,
  server,
  visit,
}) => {
  test.setTimeout(120_000);
  const proxy = await Proxy.to(server);
  proxy.hangUpgrades();
  const direct = await visit();
  // Five times as fast, for this page alone.
  await direct.page.addInitScript(() => {
    const { now } = Date;
    const [begin, set] = [now(), window.setTimeout];
    Date.now = () => begin + 5 * (now() - begin);
    window.setTimeout = ((ring: () => void, ms: number) => set(ring, ms / 5)) as typeof window.setTimeout;
  });
  const { me, page, seen } = await behind(proxy, direct, 'film-dev-4-a');
  // Two attempts of ten seconds: nobody does anything on the page.
  await expect.poll(() => seen.streams, { timeout: 20_000 }).toBe(1);
  const beside = page.waitForEvent('websocket');
  const other = new Messenger((await enter('film-dev-4-b')).page);
  await other.choose('film-dev-4-a');
  await other.send('挂着也能收到');
  await expect(me.session('film-dev-4-b')).toContainText('挂着也能收到');
  expect(seen).toEqual({ sockets: 0, streams: 1 });

  // The WebSocket beside the stream hangs as well: it is given up, and tried again after a minute.
  await beside;
  proxy.heal();
  await expect.poll(() => seen, { timeout: 30_000 }).toEqual({ sockets: 1, streams: 0 });
  await other.send('又是 WebSocket 了');
  await expect(me.session('film-dev-4-b')).toContainText('又是 WebSocket 了');
  await proxy.close();
});

test('a page that shares no stream with others has none while nobody sees it, and still hears', async ({
  enter,
  server,
  visit,
}) => {
  test.setTimeout(120_000);
  const proxy = await Proxy.to(server);
  proxy.refuseUpgrades();
  const direct = await visit();
  // As outside of a secure context: the browser has no locks.
  await direct.page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined });
  });
  const turn = await turning(direct.page);
  const { me, page, seen } = await behind(proxy, direct, 'film-dev-4-a');
  await expect.poll(() => seen.streams, { timeout: 20_000 }).toBe(1);

  await turn('hidden');
  await expect.poll(() => seen.streams).toBe(0);
  const other = new Messenger((await enter('film-dev-4-b')).page);
  await other.choose('film-dev-4-a');
  await other.send('没人看也会知道');
  await expect(me.session('film-dev-4-b')).toContainText('没人看也会知道', { timeout: 40_000 });
  expect(seen).toEqual({ sockets: 0, streams: 0 });

  await turn('visible');
  await expect.poll(() => seen.streams).toBe(1);
  await expect(page.getByText('网络已断开')).toBeHidden();
  await other.send('看着就马上知道');
  await expect(me.session('film-dev-4-b')).toContainText('看着就马上知道');
  await proxy.close();
});
