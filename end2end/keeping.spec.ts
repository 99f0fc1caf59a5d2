import { Messenger } from './support/messenger.ts';
import type { Server } from './support/server.ts';
import { expect, test, type Visitor } from './support/test.ts';
import { say } from './support/words.ts';

/** What a browser does to the databases of a page that nobody sees: `closeDatabases()` closes those that are open. */
function closable(): void {
  let age = 0;
  const ages = new WeakMap<IDBDatabase, number>();
  const { open } = IDBFactory.prototype;
  const { transaction } = IDBDatabase.prototype;
  IDBFactory.prototype.open = function (...parameters) {
    const request = open.apply(this, parameters);
    request.addEventListener('success', () => ages.set(request.result, age));
    return request;
  };
  IDBDatabase.prototype.transaction = function (...parameters) {
    if (ages.get(this) !== age) throw new DOMException('The database connection is closing.', 'InvalidStateError');
    return transaction.apply(this, parameters);
  };
  Object.assign(window, { closeDatabases: () => void age++ });
}

// R004-A5: what is written is kept, whatever the browser does meanwhile.
test('a database that the browser closes under the page is opened again', async ({ server, visit }) => {
  const visitor = await visit();
  visitor.watch.allowOutage();
  await visitor.page.addInitScript(closable);
  await visitor.enter('film-dev-1-a');
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-1-b');
  await visitor.stored();
  await server.kill();
  await me.send('关闭之前写的');
  await expect(me.mark('关闭之前写的', say('等待网络'))).toBeVisible();
  await visitor.stored();

  await visitor.page.evaluate('closeDatabases()');
  await me.act(me.message('关闭之前写的'), '放弃');
  await me.send('关闭之后写的');
  await me.composer.fill('还没写完');
  await visitor.stored();
  await visitor.page.reload();
  await expect(me.message('关闭之后写的')).toBeVisible();
  await expect(me.message('关闭之前写的')).toHaveCount(0);
  await expect(me.composer).toHaveValue('还没写完');

  await visitor.page.evaluate('closeDatabases()');
  await server.start();
  await expect(me.mark('关闭之后写的', say('已发送'))).toBeVisible({ timeout: 40_000 });
  const peer = await server.program('film-dev-1-b');
  await peer.send(await peer.conversation(), '后来收到的');
  await expect(me.message('后来收到的')).toBeVisible();
  await visitor.stored();
  // Also what the page takes from the server is stored again.
  await server.kill();
  await visitor.page.reload();
  await expect(me.message('后来收到的')).toBeVisible();
  await expect(me.message('关闭之后写的')).toHaveCount(1);
});

test('another account finds nothing of one whose login was ended', async ({ enter, server }) => {
  const visitor = await enter('travel-dev-1-a');
  const me = new Messenger(visitor.page);
  await me.choose('travel-dev-1-b');
  await me.composer.fill('只给自己看的草稿');
  await visitor.stored();
  const owner = await enter('travel-dev-1-a');
  visitor.watch.allow(/answer 401|status of 401/);
  await owner.page.goto(`${server.url}/settings`);
  await owner.page.getByRole('link', { name: say('登录设备') }).click();
  await owner.page.getByRole('button', { name: /移除设备/ }).click();
  await expect(visitor.page).toHaveURL(/\/login/, { timeout: 10_000 });
  const names = () => visitor.page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
  expect(await names()).toEqual([`sixin-${await (await server.program('travel-dev-1-a')).id()}`]);
  await visitor.login('travel-dev-2-a');
  await expect.poll(names).toEqual([`sixin-${await (await server.program('travel-dev-2-a')).id()}`]);
});

/** A browser that keeps its locks to itself: its pages stand alone. */
function lockless(): void {
  // A blank page has none.
  if ('locks' in navigator) navigator.locks.request = () => Promise.reject(new DOMException('', 'SecurityError'));
}

/** Writes a message that one tab cannot send and another is at, gives it up, and looks whether it is sent. */
async function giveUp(visitor: Visitor, server: Server, user: string, peer: string): Promise<void> {
  await visitor.enter(user);
  visitor.watch.allow(/net::ERR_FAILED/);
  const me = new Messenger(visitor.page);
  await me.choose(peer);
  const second = await visitor.tab();
  await second.open(new URL(visitor.page.url()).pathname);
  const there = new Messenger(second.page);
  await visitor.page.route('**/messages', route => route.abort());
  const tried = new Promise<() => Promise<void>>(resolve =>
    second.page.route('**/messages', route => resolve(() => route.abort()), { times: 1 }),
  );
  await me.send('写错了');
  await expect(there.message('写错了')).toBeVisible();
  await expect(me.mark('写错了', say('等待网络'))).toBeVisible();
  // The other tab tries it as well, and hears no answer yet.
  const end = await tried;
  await me.act(me.message('写错了'), '放弃');
  for (const side of [me, there]) await expect(side.message('写错了')).toHaveCount(0);
  await end();
  await visitor.page.unroute('**/messages');
  await me.send('写对了');
  await expect(there.message('写对了')).toBeVisible();
  const program = await server.program(peer);
  // For longer than one attempt waits for the next.
  await visitor.page.waitForTimeout(5_000);
  expect((await program.texts(await program.conversation())).filter(text => text.startsWith('写'))).toEqual(['写对了']);
  for (const side of [me, there]) await expect(side.message('写错了')).toHaveCount(0);
}

test('a message that is given up in one tab is sent by none', async ({ visit, server }) => {
  await giveUp(await visit(), server, 'film-dev-2-a', 'film-dev-2-b');
});

// R004-A1
test('nor is it where each tab stands alone', async ({ visit, server }) => {
  const visitor = await visit();
  await visitor.context.addInitScript(lockless);
  await giveUp(visitor, server, 'film-dev-4-a', 'film-dev-4-b');
});

test('a page whose site was cleared keeps nothing any more', async ({ enter }) => {
  const visitor = await enter('film-dev-3-a');
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-3-b');
  await visitor.stored();
  const browser = await visitor.context.newCDPSession(visitor.page);
  await browser.send('Storage.clearDataForOrigin', {
    origin: new URL(visitor.page.url()).origin,
    storageTypes: 'indexeddb,local_storage',
  });
  await me.send('清除之后写的');
  await expect(me.mark('清除之后写的', say('已发送'))).toBeVisible();
  await me.composer.fill('清除之后的草稿');
  await visitor.page.waitForTimeout(2_000);
  expect(await visitor.page.evaluate(async () => (await indexedDB.databases()).length)).toBe(0);
});

test('a page whose browser keeps its locks to itself stands alone, and works', async ({ server, visit }) => {
  const visitor = await visit();
  await visitor.page.addInitScript(lockless);
  await visitor.enter('film-dev-3-a');
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-3-b');
  await me.send('没有锁');
  await expect(me.mark('没有锁', say('已发送'))).toBeVisible();
  const peer = await server.program('film-dev-3-b');
  await peer.send(await peer.conversation(), '收到');
  await expect(me.message('收到')).toBeVisible();
});
