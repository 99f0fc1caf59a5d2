import { Messenger } from './support/messenger.ts';
import { sent, withoutSeals } from './support/sealing.ts';
import { expect, FLOW, test } from './support/test.ts';
import { say } from './support/words.ts';

const SEALED = 'application/vnd.sixin.sealed';
const DAY = 86_400_000;

/** Sets the clock that scripts see, by so much ahead of the true one, before any of them runs and later. */
function setClock(ahead: number): void {
  const page = globalThis as unknown as { clock?: () => number };
  const clock = (page.clock ??= Date.now);
  Date.now = () => clock() + ahead;
}

test('what a page sends cannot be read on its way, and the peer reads it', FLOW, async ({ enter }) => {
  const [one, two] = [await enter('film-dev-3-a'), await enter('film-dev-3-b')];
  const [a, b] = [new Messenger(one.page), new Messenger(two.page)];
  const all = sent(one.page);
  await a.choose('film-dev-3-b');
  await b.choose('film-dev-3-a');
  const texts = ['这句话只有服务器看得懂', '第二句', '第三句'];
  for (const text of texts) await a.send(text);
  for (const text of texts) {
    await expect(b.message(text)).toHaveCount(1);
    await expect(a.mark(text, say('已读'))).toBeVisible();
  }
  const shown = await b.messages.allInnerTexts();
  expect(texts.map(text => shown.findIndex(row => row.includes(text)))).toEqual(
    texts.map((_, place) => shown.length - texts.length + place),
  );
  await a.composer.fill('写到一半');
  await expect.poll(() => all.some(({ path }) => path.endsWith('/preferences'))).toBe(true);

  expect(all.filter(({ path }) => path.endsWith('/messages'))).toHaveLength(texts.length);
  for (const { method, path, kind, body } of all) {
    expect(kind, `${method} ${path}`).toBe(SEALED);
    for (const text of [...texts, '写到', 'client_id', 'text', 'reports', 'draft']) {
      expect(body.includes(text), `${text} in ${method} ${path}`).toBe(false);
    }
  }
});

test('a device whose clock is a day off seals with the time of the server, and learns it anew', async ({ enter, visit }) => {
  const visitor = await visit();
  await visitor.context.addInitScript(setClock, DAY);
  await visitor.enter('film-dev-3-a');
  const me = new Messenger(visitor.page);
  const peer = new Messenger((await enter('film-dev-3-b')).page);
  const all = sent(visitor.page);
  await me.choose('film-dev-3-b');
  await peer.choose('film-dev-3-a');
  await me.send('表快了一天');
  await expect(peer.message('表快了一天')).toHaveCount(1);

  // Somebody sets the clock, too far: what is sealed by it is refused once, and sealed again.
  visitor.watch.allow(/answer 400, sealed again|status of 400/);
  await visitor.page.evaluate(setClock, -DAY);
  const refused = visitor.page.waitForResponse(answer => answer.status() === 400);
  await me.send('表又慢了一天');
  expect((await (await refused).json()).error.code).toBe('seal_expired');
  await expect(peer.message('表又慢了一天')).toHaveCount(1);
  await expect(me.mark('表又慢了一天', '已读')).toBeVisible();
  expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set([SEALED]));
});

test('a request that comes twice is sealed anew, and its message stands once', async ({ enter, server }) => {
  const visitor = await enter('film-dev-6-a');
  visitor.watch.allow(/answer 400, sealed again|status of 400/);
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-6-b');
  const codes: string[] = [];
  await visitor.page.route('**/messages', async route => {
    // The answer is lost, and the browser makes the same request again by itself.
    if (codes.length === 0) await route.fetch();
    const answer = await route.fetch();
    codes.push(answer.ok() ? 'ok' : (await answer.json()).error.code);
    await route.fulfill({ response: answer });
  });
  await me.send('来了两次');
  await expect(me.mark('来了两次', '已发送')).toBeVisible();
  await expect(me.message('来了两次')).toHaveCount(1);
  await expect.poll(() => codes).toEqual(['seal_replayed', 'ok']);
  const peer = await server.program('film-dev-6-b');
  expect((await peer.texts(await peer.conversation())).filter(text => text === '来了两次')).toHaveLength(1);
});

test('a browser that cannot seal sends all the same', async ({ server, visit }) => {
  const visitor = await visit();
  await withoutSeals(visitor.context);
  await visitor.enter('film-dev-6-a');
  const me = new Messenger(visitor.page);
  const all = sent(visitor.page);
  await me.choose('film-dev-6-b');
  await me.send('没有封套');
  await expect(me.mark('没有封套', '已发送')).toBeVisible();
  expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(['application/json']));
  const peer = await server.program('film-dev-6-b');
  expect(await peer.texts(await peer.conversation())).toContain('没有封套');
});

test('a page outlives the server it began with, and goes on sealing for the next', async ({ enter, server }) => {
  const visitor = await enter('film-dev-6-a');
  visitor.watch.allowOutage();
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-6-b');
  await server.kill();
  await me.send('重启之前写的');
  await server.start();
  await expect(me.mark('重启之前写的', '已发送')).toBeVisible();
  const all = sent(visitor.page);
  await me.send('重启之后写的');
  await expect(me.mark('重启之后写的', '已发送')).toBeVisible();
  expect(all.filter(({ path }) => path.endsWith('/messages')).map(({ kind }) => kind)).toEqual([SEALED]);
});
