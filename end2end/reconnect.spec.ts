import { Messenger } from './support/messenger.ts';
import { withoutSeals } from './support/sealing.ts';
import { expect, test } from './support/test.ts';

const BANNER = '网络已断开，正在重新连接… 新消息会在恢复后自动发送';

test('the page tells of an outage after two seconds, sends what was written meanwhile once, and catches up', async ({
  enter,
  server,
}) => {
  const one = await enter('film-dev-3-a');
  const two = await enter('film-dev-3-b');
  one.watch.allowOutage();
  two.watch.allowOutage();
  const a = new Messenger(one.page);
  const b = new Messenger(two.page);
  await a.choose('film-dev-3-b');
  await b.choose('film-dev-3-a');
  const banner = one.page.getByText(BANNER);

  const closed = one.page.evaluate(
    banner =>
      new Promise<number>(resolve => {
        const began = performance.now();
        new MutationObserver(() => {
          if (document.body.textContent?.includes(banner)) resolve(performance.now() - began);
        }).observe(document.body, { subtree: true, childList: true });
      }),
    BANNER,
  );
  await server.kill();
  await a.send('断线时写的');
  await expect(a.message('断线时写的')).toBeVisible();
  await expect(banner).toBeVisible();
  expect(await closed).toBeGreaterThan(1500);
  await expect(a.mark('断线时写的', '等待网络')).toBeVisible();
  await b.send('我也断线了');

  await server.start();
  // The page may have come back by itself before anybody presses the button.
  await one.page.getByRole('button', { name: '立即重连' }).click({ timeout: 3_000 }).catch(() => undefined);
  await expect(a.mark('断线时写的', '已读')).toBeVisible();
  await expect(banner).toBeHidden();
  await expect(a.message('我也断线了')).toHaveCount(1);
  await expect(b.message('断线时写的')).toHaveCount(1);
  const peer = await server.program('film-dev-3-b');
  const texts = (await peer.texts(await peer.conversation())).slice(24);
  expect(texts.sort()).toEqual(['我也断线了', '断线时写的']);
});

test('the page reconnects by itself and shows what came meanwhile', async ({ enter, server }) => {
  const visitor = await enter('film-dev-4-a');
  visitor.watch.allowOutage();
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-4-b');
  await server.kill();
  await server.start();
  const peer = await server.program('film-dev-4-b');
  await peer.send(await peer.conversation(), '我先到了');
  await expect(me.message('我先到了')).toBeVisible({ timeout: 20_000 });
  await expect(visitor.page.getByText(BANNER)).toBeHidden();
});

test('a message that waits for the network survives the end of the page and is sent once', async ({ enter, server }) => {
  const visitor = await enter('film-dev-6-a');
  visitor.watch.allowOutage();
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-6-b');
  const path = new URL(visitor.page.url()).pathname;
  await server.kill();
  await me.send('关掉页面也要送到');
  await expect(me.message('关掉页面也要送到')).toBeVisible();
  await kept(me);
  await visitor.page.close();

  await server.start();
  const again = await visitor.tab();
  await again.open(path);
  const after = new Messenger(again.page);
  await expect(after.mark('关掉页面也要送到', '已发送')).toBeVisible();
  await expect(after.message('关掉页面也要送到')).toHaveCount(1);
  await again.open(path);
  await expect(after.message('关掉页面也要送到')).toHaveCount(1);
  const peer = await server.program('film-dev-6-b');
  const texts = await peer.texts(await peer.conversation());
  expect(texts.filter(text => text === '关掉页面也要送到')).toHaveLength(1);
});

test('a lost answer makes no second message', async ({ server, visit }) => {
  const visitor = await visit();
  await withoutSeals(visitor.context);
  await visitor.enter('film-dev-6-a');
  visitor.watch.allow(/ERR_FAILED.*|messages: net::ERR_FAILED/);
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-6-b');
  // While the service worker begins, a request may go through it, past the route.
  await visitor.stored();
  const keys: string[] = [];
  await visitor.page.route('**/messages', async route => {
    keys.push(route.request().postDataJSON().client_id);
    if (keys.length > 1) return route.continue();
    // The server has it; nobody hears so.
    await route.fetch();
    await route.abort();
  });
  await me.send('回应丢了');
  await expect(me.mark('回应丢了', '已发送')).toBeVisible();
  await expect(me.message('回应丢了')).toHaveCount(1);
  const peer = await server.program('film-dev-6-b');
  expect((await peer.texts(await peer.conversation())).filter(text => text === '回应丢了')).toHaveLength(1);
  expect(new Set(keys).size).toBe(1);
});

/** Waits until the device has stored what is to be sent. */
async function kept(me: Messenger): Promise<void> {
  await expect
    .poll(() =>
      me.page.evaluate(async () => {
        const databases = await indexedDB.databases();
        return databases.length > 0 || localStorage.length > 0;
      }),
    )
    .toBe(true);
}
