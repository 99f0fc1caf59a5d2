import type { Page } from '@playwright/test';
import { Messenger } from './support/messenger.ts';
import type { Server } from './support/server.ts';
import { expect, test, type Visitor } from './support/test.ts';

const GROUP = 'ubuntu-2004-12-25.train-c';

test('a conversation opens at its newest 10 messages', async ({ visit, enter }) => {
  const plain = await visit({ javaScriptEnabled: false });
  await plain.login('kleedrac');
  await plain.page.getByRole('link', { name: GROUP }).click();
  const rows = plain.page.getByRole('log').getByRole('article');
  await expect(rows).toHaveCount(10);
  await expect(rows.last()).toBeInViewport();

  const live = await enter('kleedrac');
  const asked = live.page.waitForRequest(/\/messages(\?|$)/);
  const me = new Messenger(live.page);
  await me.choose(GROUP);
  expect((await (await (await asked).response())!.json()).messages).toHaveLength(10);
  await expect(me.messages.last()).toBeInViewport();
});

test('older messages come without moving what is on screen', async ({ enter }) => {
  const visitor = await enter('kleedrac');
  const me = new Messenger(visitor.page);
  await me.choose(GROUP);
  await expect(me.messages.last()).toBeInViewport();
  await still(visitor.page);

  let release = () => {};
  let asked = () => {};
  await visitor.page.route(/\/messages\?.*before=/, async route => {
    asked();
    await new Promise<void>(resolve => (release = resolve));
    await route.continue();
  });
  await me.log.hover();
  for (let page = 0; page < 3; page += 1) {
    const request = new Promise<void>(resolve => (asked = resolve));
    release();
    await visitor.page.mouse.wheel(0, -3000);
    await request;
    await still(visitor.page);
    const before = await me.seqs();
    await visitor.page.evaluate(watchPlaces);
    release();
    await expect.poll(async () => (await me.seqs())[0]).toBeLessThan(before[0]!);
    await still(visitor.page);
    expect(await visitor.page.evaluate('mostMoved()')).toBeLessThanOrEqual(1);
  }
  release();
});

test('scrolling up reaches the first message, down the newest, without a gap or a repetition', async ({ enter }) => {
  const visitor = await enter('kleedrac');
  const me = new Messenger(visitor.page);
  await me.choose(GROUP);
  await me.log.hover();
  const seen = new Set<number>();
  const look = async () => {
    const seqs = await me.seqs();
    expect(seqs).toEqual(Array.from(seqs, (_, n) => seqs[0]! + n));
    for (const seq of seqs) seen.add(seq);
    return seqs;
  };
  await expect(async () => {
    await visitor.page.mouse.wheel(0, -4000);
    expect((await look())[0]).toBe(1);
    await expect(me.page.getByText('没有更早的消息了')).toBeInViewport({ timeout: 100 });
  }).toPass({ intervals: [50], timeout: 60_000 });
  expect(seen.size).toBe(600);

  seen.clear();
  await expect(async () => {
    await visitor.page.mouse.wheel(0, 4000);
    expect((await look()).at(-1)).toBe(600);
    await expect(me.messages.last()).toBeInViewport({ timeout: 100 });
  }).toPass({ intervals: [50], timeout: 60_000 });
  expect(seen.size).toBe(600);
});

test('the button leads from far up to the newest message at once', async ({ enter }) => {
  const visitor = await enter('kleedrac');
  const me = new Messenger(visitor.page);
  await me.choose(GROUP);
  await me.log.hover();
  await expect(async () => {
    await visitor.page.mouse.wheel(0, -4000);
    expect((await me.seqs())[0]).toBeLessThan(200);
  }).toPass({ intervals: [50], timeout: 60_000 });
  await visitor.page.getByRole('button', { name: '回到最新消息' }).click();
  await expect(me.messages.last()).toHaveAttribute('data-seq', '600');
  await expect(me.messages.last()).toBeInViewport();
});

// R004-G7: what the device does not hold between two pieces is a row until it is loaded.
test('what came while the browser was away is loaded into its gap, up to the first unread message', async ({
  enter,
  server,
}) => {
  const visitor = await enter('kleedrac');
  const { page } = visitor;
  const me = new Messenger(page);
  const release = await comeBack(visitor, server);
  const gap = me.log.getByRole('link', { name: '加载中间的消息' });
  await expect(gap).toHaveCount(1);
  const shown = await me.seqs();
  const holes = shown.filter((seq, n) => n > 0 && seq !== shown[n - 1]! + 1);
  expect(holes, 'the row stands where something is missing').toHaveLength(1);
  release();
  await expect(page.locator('#unread')).toBeInViewport();
  await expect(me.message('不在时 1')).toBeInViewport();
  await expect(gap).toHaveCount(0);
  const seqs = await me.seqs();
  expect(seqs).toEqual(Array.from(seqs, (_, n) => seqs[0]! + n));
});

test('who sends while a gap is loaded stays with what they sent', async ({ enter, server }) => {
  const visitor = await enter('kleedrac');
  const me = new Messenger(visitor.page);
  const release = await comeBack(visitor, server);
  await me.send('我回来了');
  await expect(me.message('我回来了')).toBeInViewport();
  const before = (await me.seqs()).length;
  release();
  await expect.poll(async () => (await me.seqs()).length).toBeGreaterThan(before);
  await still(visitor.page);
  await expect(me.message('我回来了')).toBeInViewport();
});

test('the address can name a message', async ({ enter }) => {
  const visitor = await enter('kleedrac');
  const me = new Messenger(visitor.page);
  await me.choose(GROUP);
  const path = new URL(visitor.page.url()).pathname;
  await visitor.open();
  await visitor.open(`${path}#520`);
  await expect(visitor.page.locator('[data-seq="520"]')).toBeInViewport();
});

test('what is read stays on screen when the window changes its size', async ({ enter }) => {
  const { page } = await enter('kleedrac');
  const me = new Messenger(page);
  await me.choose(GROUP);
  await me.log.hover();
  await expect(async () => {
    await page.mouse.wheel(0, -1000);
    expect((await me.seqs())[0]).toBeLessThan(570);
  }).toPass({ intervals: [50], timeout: 60_000 });
  await still(page);
  const top = () =>
    me.log.evaluate(log => {
      const edge = log.getBoundingClientRect().top;
      const rows = [...log.querySelectorAll('article')];
      return Number(rows.find(row => row.getBoundingClientRect().bottom > edge)!.dataset.seq);
    });
  const before = await top();
  const { width, height } = page.viewportSize()!;
  for (const size of [
    { width: 900, height },
    { width, height: 500 },
    { width, height },
  ]) {
    await page.setViewportSize(size);
    await still(page);
    expect(Math.abs((await top()) - before)).toBeLessThanOrEqual(1);
  }
});

test('the day that is on screen stays named at the top', async ({ enter }) => {
  const visitor = await enter('kleedrac');
  const me = new Messenger(visitor.page);
  await me.choose(GROUP);
  const day = visitor.page.getByRole('heading', { level: 3, name: '2004年12月26日 周日' });
  await expect(day).toBeInViewport();
  await me.log.hover();
  await visitor.page.mouse.wheel(0, -900);
  await still(visitor.page);
  await expect(day).toBeInViewport();
});

/** Comes back to GROUP after 90 messages; tells how to let what is missing in between come. */
async function comeBack(visitor: Visitor, server: Server): Promise<() => void> {
  const { page } = visitor;
  const me = new Messenger(page);
  await me.choose(GROUP);
  const path = new URL(page.url()).pathname;
  await visitor.stored();
  await page.goto('about:blank');
  const peer = await server.program('wood1');
  const conversation = await peer.conversation();
  for (let n = 1; n <= 90; n += 1) await peer.send(conversation, `不在时 ${n}`);

  let release = () => {};
  const held = new Promise<void>(resolve => (release = resolve));
  let ask = () => {};
  const asked = new Promise<void>(resolve => (ask = resolve));
  await page.route(/\/messages\?.*before=/, async route => {
    ask();
    await held;
    await route.continue();
  });
  await visitor.open(path);
  await expect(me.message('不在时 90')).toBeVisible();
  await asked;
  return release;
}

/** Waits until the log stands still for some frames. */
async function still(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>(resolve => {
        const log = document.querySelector('[role=log]')!;
        let before = '';
        let same = 0;
        const look = () => {
          const now = `${log.scrollTop} ${log.scrollHeight}`;
          same = now === before ? same + 1 : 0;
          before = now;
          if (same > 10) resolve();
          else requestAnimationFrame(look);
        };
        look();
      }),
  );
}

/** Runs in the page: from now on, in every frame, how far has any message on screen moved? */
function watchPlaces(): void {
  const log = document.querySelector('[role=log]')!;
  const frame = log.getBoundingClientRect();
  const places = new Map<Element, number>();
  for (const row of log.querySelectorAll('article')) {
    const { top, bottom } = row.getBoundingClientRect();
    if (bottom > frame.top && top < frame.bottom) places.set(row, top);
  }
  let most = places.size > 0 ? 0 : Infinity;
  let watching = true;
  const look = () => {
    for (const [row, top] of places) {
      most = Math.max(most, row.isConnected ? Math.abs(row.getBoundingClientRect().top - top) : Infinity);
    }
    if (watching) requestAnimationFrame(look);
  };
  look();
  (window as any).mostMoved = () => {
    watching = false;
    look();
    return most;
  };
}
