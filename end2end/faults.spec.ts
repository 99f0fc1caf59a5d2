import { known } from './support/disk.ts';
import { Messenger } from './support/messenger.ts';
import { Proxy } from './support/proxy.ts';
import type { Program, Server } from './support/server.ts';
import { expect, test as base, Visitor } from './support/test.ts';
import { turning } from './support/turn.ts';
import { say } from './support/words.ts';

const DAY = 24 * 60 * 60 * 1000;

/** Somebody at a browser of their own, behind a network of their own. */
interface Post {
  visitor: Visitor;
  proxy: Proxy;
  me: Messenger;
}

interface Fixtures {
  /** Logs in with a clock that is wrong by `ahead`, and opens the only conversation. */
  post: (handle: string, peer: string, ahead?: number) => Promise<Post>;
}

const test = base.extend<Fixtures>({
  post: async ({ server, visit }, use) => {
    const proxies: Proxy[] = [];
    await use(async (handle, peer, ahead = 0) => {
      const proxy = await Proxy.to(server);
      proxies.push(proxy);
      const direct = await visit();
      await direct.context.addInitScript(leap, ahead);
      direct.watch.allowOutage();
      direct.watch.allow(/net::ERR_/);
      const visitor = new Visitor(direct.page, direct.context, direct.watch, { url: proxy.url } as Server);
      await visitor.enter(handle);
      const me = new Messenger(visitor.page);
      await me.choose(peer);
      return { visitor, proxy, me };
    });
    await Promise.all(proxies.map(proxy => proxy.close()));
  },
});

test('two devices of one account and a peer show one order after a bad network, whatever their clocks say', async ({
  post,
  server,
}) => {
  const one = await post('film-dev-3-a', 'film-dev-3-b', DAY);
  const two = await post('film-dev-3-a', 'film-dev-3-b', -DAY);
  const peer = await post('film-dev-3-b', 'film-dev-3-a');
  const posts = [one, two, peer];

  // The answers of sends are lost: the server has them, and the sender does not hear so.
  one.proxy.dropAnswers();
  for (const text of ['甲一', '甲二', '甲三']) await one.me.send(text);
  await expect.poll(() => one.proxy.swallowed, { timeout: 20_000 }).toBeGreaterThan(1);
  one.proxy.heal();

  // One device is offline for a while, and writes on.
  await two.visitor.context.setOffline(true);
  two.proxy.cut();
  for (const text of ['乙一', '乙二', '乙三']) {
    await two.me.send(text);
    await expect(two.me.message(text)).toHaveCount(1);
    await peer.me.send(`回${text}`);
  }
  await two.visitor.context.setOffline(false);

  // The sockets of all are cut again and again while they write.
  for (let n = 1; n <= 5; n += 1) {
    for (const { proxy, me } of posts) {
      await me.send(`第 ${n} 次，${posts.findIndex(post => post.me === me)} 号`);
      proxy.cut();
    }
  }
  const program = await server.program('film-dev-3-b');
  await agree(posts, program, 24 + 3 + 6 + 15);
  const texts = (await program.texts(await program.conversation())).slice(24);
  expect(new Set(texts).size).toBe(texts.length);
  for (const own of ['甲', '乙']) {
    expect(texts.filter(text => text.startsWith(own))).toEqual(['一', '二', '三'].map(n => own + n));
  }
});

test('two tabs, another device and a peer agree on order and unread numbers after a cut', async ({ post, server }) => {
  const [A, B] = ['film-dev-2-a', 'film-dev-2-b'] as const;
  const first = await post(A, B);
  const tab = await first.visitor.tab();
  await tab.open(new URL(first.visitor.page.url()).pathname);
  const second: Post = { visitor: tab, proxy: first.proxy, me: new Messenger(tab.page) };
  const device = await post(A, B);
  const peer = await post(B, A);
  const posts = [first, second, device, peer];
  const account = [first, second, device];
  const program = await server.program(B);
  const conversation = await program.conversation();
  const before = (await program.texts(conversation)).length;

  // The browser with the two tabs is cut off while everybody writes.
  await first.visitor.context.setOffline(true);
  first.proxy.cut();
  for (const { me } of posts) {
    const text = `断网时，${posts.findIndex(post => post.me === me)} 号`;
    await me.send(text);
    await expect(me.message(text)).toHaveCount(1);
  }
  await first.visitor.context.setOffline(false);
  for (const { proxy, me } of posts) {
    await me.send(`恢复后，${posts.findIndex(post => post.me === me)} 号`);
    proxy.cut();
  }
  await agree(posts, program, before + 8);

  // Nobody of the account looks at the conversation while more comes, and there is another cut.
  for (const { visitor } of account) {
    await visitor.page.getByRole('link', { name: say('消息'), exact: true }).click();
    await expect(visitor.page.getByText(say('选择一个会话开始聊天'))).toBeVisible();
  }
  await peer.me.send('没人看着，一');
  for (const { proxy } of [first, device]) proxy.cut();
  for (const text of ['没人看着，二', '没人看着，三']) await peer.me.send(text);
  await unread(account, B, 3);
  await device.me.choose(B);
  await unread(account, B, 0);
  for (const { me } of [first, second]) await me.choose(B);
  await agree(posts, program, before + 11);
});

test('a reload in the middle of sending sends everything once, in the order of writing', async ({ post, server }) => {
  const one = await post('film-dev-6-a', 'film-dev-6-b', DAY);
  const peer = await post('film-dev-6-b', 'film-dev-6-a');
  const program = await server.program('film-dev-6-b');
  const conversation = await program.conversation();
  const before = (await program.texts(conversation)).length;
  const written = Array.from({ length: 8 }, (_, n) => `一口气写的 ${n + 1}`);
  one.proxy.delay(150);
  for (const text of written) await one.me.send(text);
  // Some are on the server, one is on its way, the others wait.
  await expect.poll(async () => (await program.texts(conversation)).length).toBeGreaterThan(before);
  await one.visitor.live(() => one.visitor.page.reload());
  one.proxy.heal();
  await agree([one, peer], program, before + written.length);
  expect((await program.texts(conversation)).slice(before)).toEqual(written);
});

// R004-G1: whose storage is gone is a new device.
test('a browser whose storage is wiped in the middle of sending loses nothing of its page, and begins anew under cuts', async ({
  post,
  server,
}) => {
  const [A, B] = ['film-dev-1-a', 'film-dev-1-b'] as const;
  const one = await post(A, B);
  const other = await post(A, B);
  const peer = await post(B, A);
  const posts = [one, other, peer];
  const program = await server.program(B);
  const conversation = await program.conversation();
  const before = (await program.texts(conversation)).length;
  const written = Array.from({ length: 8 }, (_, n) => `清空前后 ${n + 1}`);
  await one.visitor.stored();
  expect(await known(one.visitor.page)).toContain(B);

  one.proxy.delay(150);
  for (const text of written.slice(0, 4)) await one.me.send(text);
  await expect.poll(async () => (await program.texts(conversation)).length).toBeGreaterThan(before);
  await wipe(one);
  for (const text of written.slice(4)) await one.me.send(text);
  await agree(posts, program, before + written.length);
  expect((await program.texts(conversation)).slice(before)).toEqual(written);
  one.proxy.heal();

  // The new device is cut off again and again while it syncs, and others write.
  await wipe(one);
  one.proxy.delay(50);
  await one.visitor.page.reload();
  for (const text of ['重来一', '重来二', '重来三']) {
    one.proxy.cut();
    await peer.me.send(text);
    await other.me.send(`回${text}`);
  }
  one.proxy.heal();
  await agree(posts, program, before + written.length + 6);
  await one.visitor.stored();
  expect(await known(one.visitor.page)).toContain('重来三');

  // Nobody of the account looks at the conversation, and the browser is wiped once more.
  for (const { visitor } of [one, other]) {
    await visitor.page.getByRole('link', { name: say('消息'), exact: true }).click();
    await expect(visitor.page.getByText(say('选择一个会话开始聊天'))).toBeVisible();
  }
  await wipe(one);
  for (const text of ['没人看着，一', '没人看着，二']) await peer.me.send(text);
  await one.visitor.live(() => one.visitor.page.reload());
  one.proxy.cut();
  await unread([one, other], B, 2);
  await one.me.choose(B);
  await unread([one, other], B, 0);
});

test('a connection that only looks open is replaced when the page wakes up', async ({ post, server }) => {
  const one = await post('film-dev-4-a', 'film-dev-4-b');
  const program = await server.program('film-dev-4-b');
  const conversation = await program.conversation();
  one.proxy.halfOpen();
  await program.send(conversation, '没人听见');
  await expect(one.me.message('没人听见')).toHaveCount(0);
  one.proxy.heal();
  await program.send(conversation, '还是没人听见');
  await one.visitor.page.evaluate(() => dispatchEvent(new Event('online')));
  await expect(one.me.message('还是没人听见')).toBeVisible({ timeout: 15_000 });
  await expect(one.me.message('没人听见')).toHaveCount(1);
});

// R004-G9: nobody hears of the end of a connection that dies under a page in the background.
test('a connection that died while nobody saw the page is replaced when somebody looks again', async ({ post, server }) => {
  const one = await post('film-dev-4-a', 'film-dev-4-b');
  const turn = await turning(one.visitor.page);
  await one.visitor.live(() => one.visitor.page.reload());
  await expect(one.me.messages.last()).toBeInViewport();
  const sockets: string[] = [];
  one.visitor.page.on('websocket', socket => sockets.push(socket.url()));
  const program = await server.program('film-dev-4-b');
  const conversation = await program.conversation();
  await turn('hidden');
  await program.send(conversation, '没人看，但听得见');
  await expect(one.me.message('没人看，但听得见')).toHaveCount(1);
  one.proxy.halfOpen();
  await program.send(conversation, '没人听见');
  // The connection has lost these bytes for good, and the way is free again.
  await expect.poll(() => one.proxy.lost).toBeGreaterThan(0);
  one.proxy.heal();
  await expect(one.me.message('没人听见')).toHaveCount(0);
  expect(sockets).toEqual([]);
  await turn('visible');
  await expect(one.me.message('没人听见')).toBeVisible({ timeout: 10_000 });
  expect(sockets.length).toBe(1);
});

// R004-G9: who looks at one tab does not see the other, which has the connection and hears of no waking.
test('a connection that died in a tab that nobody sees is replaced there when somebody looks at another', async ({
  post,
  server,
}) => {
  const one = await post('film-dev-4-a', 'film-dev-4-b');
  const turnFirst = await turning(one.visitor.page);
  await one.visitor.live(() => one.visitor.page.reload());
  await expect(one.me.messages.last()).toBeInViewport();
  const second = await one.visitor.tab();
  const turnSecond = await turning(second.page);
  const [here, there]: [string[], string[]] = [[], []];
  second.page.on('websocket', socket => here.push(socket.url()));
  await second.open(new URL(one.visitor.page.url()).pathname);
  const me = new Messenger(second.page);
  const program = await server.program('film-dev-4-b');
  const conversation = await program.conversation();
  await second.page.bringToFront();
  await turnFirst('hidden');
  await turnSecond('hidden');
  await program.send(conversation, '没人看，但听得见');
  for (const tab of [one.me, me]) await expect(tab.message('没人看，但听得见')).toHaveCount(1);
  one.visitor.page.on('websocket', socket => there.push(socket.url()));
  // What the device reports of it is through before the network fails: only the connection loses bytes.
  await one.visitor.stored();
  await second.page.waitForTimeout(2_000);
  one.proxy.halfOpen();
  await program.send(conversation, '没人听见');
  await expect.poll(() => one.proxy.lost).toBeGreaterThan(0);
  one.proxy.heal();
  for (const tab of [one.me, me]) await expect(tab.message('没人听见')).toHaveCount(0);
  expect(there).toEqual([]);
  await turnSecond('visible');
  // The second tab asks the server what happened; what comes from then on only a connection tells.
  await expect(me.message('没人听见')).toBeVisible({ timeout: 10_000 });
  await program.send(conversation, '看了之后');
  await expect(me.message('看了之后')).toBeVisible({ timeout: 10_000 });
  await expect.poll(() => there.length).toBe(1);
  expect(here).toEqual([]);
});

// R004-G9: a machine that slept may wake without any event of the page.
test('a connection that died while the machine slept is replaced when a timer rings late', async ({ post, server }) => {
  const one = await post('film-dev-4-a', 'film-dev-4-b');
  const { page } = one.visitor;
  let asked = 0;
  page.on('websocket', socket => socket.on('framesent', () => (asked = Date.now())));
  await one.visitor.live(() => page.reload());
  const program = await server.program('film-dev-4-b');
  const conversation = await program.conversation();
  await program.send(conversation, '听得见');
  await expect(one.me.message('听得见')).toBeVisible();
  one.proxy.halfOpen();
  await program.send(conversation, '没人听见');
  await expect.poll(() => one.proxy.lost).toBeGreaterThan(0);
  one.proxy.heal();
  const next = page.waitForEvent('websocket', { timeout: 60_000 }).then(() => Date.now() - asked);
  await page.evaluate(leap, 60_000);
  // Who has slept asks whether anybody is there, and waits for three seconds; otherwise it is ten.
  expect(await next).toBeLessThan(7_000);
  await expect(one.me.message('没人听见')).toBeVisible({ timeout: 10_000 });
});

/** Runs in a page: makes its clock wrong. */
function leap(ahead: number): void {
  const True = Date;
  globalThis.Date = class extends True {
    constructor(...parts: []) {
      super(...(parts.length === 0 ? ([True.now() + ahead] as unknown as []) : parts));
    }

    static override now(): number {
      return True.now() + ahead;
    }
  } as DateConstructor;
}

/** Clears what a browser keeps of the site, as a person may while pages are open. They stay logged in. */
async function wipe({ visitor, proxy }: Post): Promise<void> {
  const browser = await visitor.context.newCDPSession(visitor.page);
  const storageTypes = 'indexeddb,local_storage,cache_storage,service_workers';
  await browser.send('Storage.clearDataForOrigin', { origin: proxy.url, storageTypes });
  await browser.detach();
  expect(await visitor.page.evaluate(() => indexedDB.databases())).toEqual([]);
}

/** Waits until every page tells of so many unread messages of somebody, in its title and its list. */
async function unread(posts: Post[], peer: string, count: number): Promise<void> {
  for (const { visitor, me } of posts) {
    // The title of a page with the conversation open names it too.
    const title = count === 0 ? /^[^(]/ : new RegExp(`^\\(${count}\\) `);
    await expect(visitor.page).toHaveTitle(title, { timeout: 30_000 });
    const words = me.session(peer).getByText(say('未读'));
    await expect(words).toHaveCount(count === 0 ? 0 : 1);
    if (count > 0) await expect(words).toHaveText(say('{} 条未读消息', count));
  }
}

/** Waits until the log has so many messages and every page shows its end: in its order, each once, nothing else. */
async function agree(posts: Post[], program: Program, length: number): Promise<void> {
  const conversation = await program.conversation();
  const log = () => program.texts(conversation);
  await expect.poll(async () => (await log()).length, { timeout: 30_000 }).toBe(length);
  for (const { me } of posts) {
    await expect
      .poll(
        async () => {
          const shown = await me.messages.locator('.text').allTextContents();
          const end = (await log()).slice(-shown.length);
          return shown.length >= 10 && JSON.stringify(shown) === JSON.stringify(end);
        },
        { timeout: 30_000 },
      )
      .toBe(true);
    const seqs = await me.seqs();
    expect(seqs).toEqual(seqs.map((_, n) => length - seqs.length + 1 + n));
  }
}
