import type { Page } from '@playwright/test';
import { Messenger } from './support/messenger.ts';
import { expect, FLOW, test } from './support/test.ts';
import { say, titled } from './support/words.ts';

test('two tabs share one connection, and the second has it within three seconds when the first ends', FLOW, async ({
  enter,
  server,
}) => {
  const first = await enter('travel-dev-0-a');
  const second = await first.tab();
  const sockets: string[] = [];
  second.page.on('websocket', socket => sockets.push(socket.url()));
  await second.open();
  const [a, b] = [new Messenger(first.page), new Messenger(second.page)];
  await a.choose('travel-dev-0-b');
  await b.choose('travel-dev-0-b');
  const peer = await server.program('travel-dev-0-b');
  const conversation = await peer.conversation();
  await peer.send(conversation, '两个标签页');
  await expect(a.message('两个标签页')).toBeVisible();
  await expect(b.message('两个标签页')).toBeVisible();
  expect(sockets).toEqual([]);

  await first.page.close();
  await peer.send(conversation, '只剩一个');
  await expect(b.message('只剩一个')).toBeVisible({ timeout: 3_000 });
  await peer.send(conversation, '还在听');
  await expect(b.message('还在听')).toBeVisible();
  expect(sockets.length).toBe(1);
});

// R004-G11: a tab that crashes says goodbye to nobody.
test('when the tab with the connection crashes, the other has it within three seconds', async ({ enter, server }) => {
  const first = await enter('travel-dev-0-a');
  const second = await first.tab();
  const sockets: string[] = [];
  second.page.on('websocket', socket => sockets.push(socket.url()));
  await second.open();
  const b = new Messenger(second.page);
  await b.choose('travel-dev-0-b');
  const peer = await server.program('travel-dev-0-b');
  const conversation = await peer.conversation();
  await peer.send(conversation, '两个标签页');
  await expect(b.message('两个标签页')).toBeVisible();
  expect(sockets).toEqual([]);

  const crashed = first.page.waitForEvent('crash');
  const browser = await first.context.newCDPSession(first.page);
  // Nobody is left to answer.
  void browser.send('Page.crash').catch(() => undefined);
  await crashed;
  await peer.send(conversation, '崩溃之后');
  await expect(b.message('崩溃之后')).toBeVisible({ timeout: 3_000 });
  await peer.send(conversation, '还在听');
  await expect(b.message('还在听')).toBeVisible();
  expect(sockets.length).toBe(1);
});

test('what is read in one tab is read in the other within 200 ms', async ({ enter, server }) => {
  const first = await enter('travel-dev-2-a');
  const second = await first.tab();
  await second.open();
  const [a, b] = [new Messenger(first.page), new Messenger(second.page)];
  const peer = await server.program('travel-dev-2-b');
  const conversation = await peer.conversation();
  // The one that has the connection reads, and then the other.
  for (const [reader, other] of [[a, b], [b, a]] as const) {
    const apart: number[] = [];
    for (const text of ['未读一', '未读二', '未读三']) {
      await peer.send(conversation, text);
      for (const { page } of [reader, other]) {
        await expect(page).toHaveTitle(titled(1));
        await expect(page.locator('link[rel=icon]')).toHaveAttribute('href', /^data:/);
      }
      const times = [readAt(reader.page), readAt(other.page)];
      await reader.page.bringToFront();
      await reader.choose('travel-dev-2-b');
      const [here, there] = await Promise.all(times);
      apart.push(Math.abs(there! - here!));
      await expect(other.session('travel-dev-2-b').getByText(say('{} 条未读消息', 1))).toHaveCount(0);
      await expect(other.page).toHaveTitle(titled(0));
      await expect(other.page.locator('link[rel=icon]')).toHaveAttribute('href', /^\/favicon/);
      await reader.page.getByRole('link', { name: '消息', exact: true }).click();
      await expect(reader.page.getByText(say('选择一个会话开始聊天'))).toBeVisible();
    }
    expect(median(apart)).toBeLessThan(200);
  }
});

// T8: as soon as in reading.
test('what comes, what is written and what is deleted in one tab is so in the other within 200 ms', async ({
  enter,
  server,
}) => {
  const first = await enter('travel-dev-2-a');
  const second = await first.tab();
  await second.open();
  const tabs = [new Messenger(first.page), new Messenger(second.page)] as const;
  const [a, b] = tabs;
  for (const tab of tabs) await tab.choose('travel-dev-2-b');
  const peer = await server.program('travel-dev-2-b');
  const conversation = await peer.conversation();
  // The one that has the connection, and then the other.
  for (const [tab, other] of [[a, b], [b, a]] as const) {
    const apart: Record<'come' | 'written' | 'deleted', number[]> = { come: [], written: [], deleted: [] };
    const timed = async (what: keyof typeof apart, text: string, there: boolean, action: () => Promise<unknown>) => {
      const turned = await Promise.all(tabs.map(({ page }) => turning(page, text, there)));
      await action();
      const [here, elsewhere] = await Promise.all(turned.map(at => at()));
      apart[what].push(Math.abs(elsewhere! - here!));
    };
    await tab.page.bringToFront();
    for (const n of [1, 2, 3]) {
      const [came, written] = [`来的${tabs.indexOf(tab)}${n}`, `写的${tabs.indexOf(tab)}${n}`];
      await timed('come', came, true, () => peer.send(conversation, came));
      await timed('written', written, true, () => tab.send(written));
      await timed('deleted', came, false, () => tab.act(tab.message(came), say('删除')));
      await expect(other.message(written)).toHaveCount(1);
    }
    for (const [what, times] of Object.entries(apart)) expect(median(times), what).toBeLessThan(200);
  }
});

test('what one tab has written shows in the other, which sends it when the first is gone', async ({ enter, server }) => {
  const first = await enter('travel-dev-3-a');
  first.watch.allowOutage();
  const second = await first.tab();
  await second.open();
  const [a, b] = [new Messenger(first.page), new Messenger(second.page)];
  await a.choose('travel-dev-3-b');
  await b.choose('travel-dev-3-b');
  await server.kill();
  await a.send('写完就关');
  await expect(b.message('写完就关')).toBeVisible();
  await first.page.close();
  await server.start();
  await expect(b.mark('写完就关', say('已发送'))).toBeVisible({ timeout: 30_000 });
  await expect(b.message('写完就关')).toHaveCount(1);
  const peer = await server.program('travel-dev-3-b');
  const texts = await peer.texts(await peer.conversation());
  expect(texts.filter(text => text === '写完就关')).toHaveLength(1);
});

// R002-17: who was named left meanwhile; the text goes without them, once, whatever is being written.
test('a text that goes without whom it was refused for naming is no failed one in the other tab', async ({
  enter,
  server,
}) => {
  const gone = await server.program('crimsun');
  const owner = await server.program('kleedrac');
  const id = await owner.group('提醒', [await gone.id(), await (await server.program('wood1')).id()]);
  const first = await enter('kleedrac');
  first.watch.allow(/answer 4\d\d/, /status of 4\d\d/);
  const second = await first.tab();
  second.watch.allow(/answer 4\d\d/, /status of 4\d\d/);
  await second.open();
  const [a, b] = [new Messenger(first.page), new Messenger(second.page)];
  await a.choose('提醒');
  await b.choose('提醒');
  await first.page.bringToFront();
  await a.composer.pressSequentially('@crim');
  await a.composer.press('Enter');
  await expect(a.composer).toHaveValue('@crimsun ');
  await a.composer.press('End');
  await a.composer.pressSequentially('在吗');
  await gone.leave(id);
  await a.composer.press('Enter');
  const text = '@crimsun 在吗';
  for (const tab of [a, b]) await expect(tab.mark(text, say('发送失败'))).toBeVisible();
  await a.composer.fill('还没写完');
  await a.message(text).getByRole('button', { name: say('点击重试') }).click();
  for (const tab of [a, b]) {
    await expect(tab.mark(text, say('已发送'))).toBeVisible();
    await expect(tab.message(text)).toHaveCount(1);
  }
  await expect(a.composer).toHaveValue('还没写完');
  expect((await owner.texts(id)).filter(said => said === text)).toHaveLength(1);
});

/** A busy machine may hold one of the pages up once. */
const median = (times: number[]) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;

/** Watches for a message with this text to come to the log of a page, or to go. Tells when, by the machine's clock. */
async function turning(page: Page, text: string, there: boolean): Promise<() => Promise<number>> {
  await page.evaluate(
    ({ text, there }) => {
      const found = () => [...document.querySelectorAll('[role=log] .text')].some(row => row.textContent === text);
      (window as any).turned = new Promise<number>(resolve => {
        const look = () => found() === there && resolve(Date.now());
        new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
      });
    },
    { text, there },
  );
  return () => page.evaluate(() => (window as any).turned);
}

/** When a page's title told of no unread messages any more, by the machine's clock. */
function readAt(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>(resolve => {
        const look = () => document.title.startsWith('(') || resolve(Date.now());
        new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
      }),
  );
}
