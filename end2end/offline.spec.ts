import type { Page } from '@playwright/test';
import { age } from './support/disk.ts';
import { glance } from './support/look.ts';
import { Messenger } from './support/messenger.ts';
import { expect, FLOW, test } from './support/test.ts';
import { say } from './support/words.ts';

const BANNER = '网络已断开，正在重新连接… 新消息会在恢复后自动发送';

test('a cold start paints what the device keeps while the server is slow, and then syncs', async ({ enter, server }) => {
  const visitor = await enter('film-dev-0-a');
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-0-b');
  await me.send('之前写的');
  await expect(me.mark('之前写的', say('已发送'))).toBeVisible();
  const url = visitor.page.url();
  await visitor.stored();
  await visitor.page.goto('about:blank');
  const peer = await server.program('film-dev-0-b');
  await peer.send(await peer.conversation(), '离开时来的');

  server.pause();
  await visitor.page.goto(url);
  await expect(me.message('之前写的')).toBeVisible();
  await expect(me.session('film-dev-0-b')).toBeVisible();
  await expect(me.message('离开时来的')).toHaveCount(0);
  server.resume();
  await expect(me.message('离开时来的')).toBeVisible({ timeout: 20_000 });
  await expect(me.message('之前写的')).toHaveCount(1);
});

test('what was written offline survives a reload offline, and is sent once and in order', FLOW, async ({ enter, server }) => {
  const visitor = await enter('film-dev-1-a');
  visitor.watch.allowOutage();
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-1-b');
  await visitor.stored();
  await server.kill();
  for (const n of [1, 2]) await me.send(`离线第${n}条`);
  await me.composer.fill('还没写完');
  await visitor.stored();

  await visitor.page.reload();
  for (const n of [1, 2]) await expect(me.message(`离线第${n}条`)).toBeVisible();
  await expect(me.composer).toHaveValue('还没写完');
  await me.send('离线第3条');
  await expect(visitor.page.getByText(say(BANNER))).toBeVisible();
  await visitor.page.reload();
  await expect(me.message('离线第3条')).toBeVisible();
  await expect(visitor.page.getByText(say(BANNER))).toBeVisible();

  await server.start();
  // The page may have come back by itself before anybody presses the button.
  await visitor.page.getByRole('button', { name: say('立即重连') }).click({ timeout: 3_000 }).catch(() => undefined);
  for (const n of [1, 2, 3]) await expect(me.mark(`离线第${n}条`, say('已发送'))).toBeVisible({ timeout: 20_000 });
  const peer = await server.program('film-dev-1-b');
  const texts = await peer.texts(await peer.conversation());
  expect(texts.filter(text => text.startsWith('离线'))).toEqual(['离线第1条', '离线第2条', '离线第3条']);
});

test('a message without a network says so once, waits, and is sent by itself', FLOW, async ({ enter, server }) => {
  const visitor = await enter('film-dev-1-a');
  visitor.watch.allowOutage();
  visitor.watch.allow(/ERR_INTERNET_DISCONNECTED/);
  const me = new Messenger(visitor.page);
  const toast = visitor.page.getByRole('alert').filter({ hasText: say('网络不可用,请检查网络设置') });
  await me.choose('film-dev-1-b');
  await visitor.context.setOffline(true);
  await me.send('没有网络时写的');
  await expect(toast).toHaveText(say('网络不可用,请检查网络设置'));
  await expect(me.mark('没有网络时写的', say('等待网络'))).toBeVisible();
  await expect(toast).toHaveCount(0);
  // A tap tries it again, and says once more why it does not go.
  const again = me.message('没有网络时写的').getByRole('button', { name: say('点击重试') });
  await glance(visitor.page);
  await again.click();
  await expect(toast).toHaveText(say('网络不可用,请检查网络设置'));
  await expect(toast).toHaveCount(0);
  await me.askAbout(me.message('没有网络时写的'));
  await expect(me.menu.getByRole('menuitem', { name: say('点击重试') })).toBeVisible();
  await visitor.page.keyboard.press('Escape');
  await me.showList();
  await expect(me.session('film-dev-1-b').getByRole('img', { name: say('等待网络') })).toBeVisible();

  await visitor.context.setOffline(false);
  const peer = await server.program('film-dev-1-b');
  const conversation = await peer.conversation();
  const sent = async () => (await peer.texts(conversation)).filter(text => text === '没有网络时写的').length;
  await expect.poll(sent, { timeout: 60_000 }).toBe(1);
});

test('a message that waits is tried again where it stands: neither the view nor the focus goes away', async ({ enter }) => {
  const visitor = await enter('film-dev-1-a');
  visitor.watch.allowOutage();
  visitor.watch.allow(/ERR_INTERNET_DISCONNECTED/);
  const me = new Messenger(visitor.page);
  const toast = visitor.page.getByRole('alert').filter({ hasText: say('网络不可用,请检查网络设置') });
  await me.choose('film-dev-1-b');
  await visitor.context.setOffline(true);
  const texts = Array.from({ length: 20 }, (_, n) => `等着的第${n + 1}条`);
  for (const text of texts) await me.send(text);
  await expect(me.mark(texts.at(-1)!, say('等待网络'))).toBeVisible();
  await expect(toast).toHaveCount(0);
  const one = me.message(texts[1]!);
  await one.scrollIntoViewIfNeeded();
  await expect(me.message(texts.at(-1)!)).not.toBeInViewport();
  await one.getByRole('button', { name: say('点击重试') }).click();
  await expect(toast).toBeVisible();
  await expect(one).toBeInViewport();
  await expect(me.log).toBeFocused();
  await expect(me.mark(texts[1]!, say('等待网络'))).toBeVisible();
  await expect(one).toBeInViewport();
});

test('what has waited for more than a day is sent only after a question', async ({ enter, server }) => {
  const visitor = await enter('film-dev-0-a');
  visitor.watch.allowOutage();
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-0-b');
  await visitor.stored();
  await server.kill();
  for (const text of ['先写的', '后写的']) await me.send(text);
  await visitor.stored();
  await age(visitor.page, 25 * 60 * 60 * 1_000);
  await visitor.page.reload();
  await expect(me.message('后写的')).toBeVisible();
  await server.start();
  const question = '这条消息超过 24 小时没有发出，仍要发送？';
  for (const text of ['先写的', '后写的']) await expect(me.message(text)).toContainText(question, { timeout: 20_000 });
  const peer = await server.program('film-dev-0-b');
  const conversation = await peer.conversation();
  await peer.send(conversation, '还在吗');
  await expect(me.message('还在吗')).toBeVisible();
  await me.message('先写的').getByRole('button', { name: '放弃' }).click();
  await expect(me.message('先写的')).toHaveCount(0);
  await me.message('后写的').getByRole('button', { name: '仍要发送' }).click();
  await expect(me.mark('后写的', say('已发送'))).toBeVisible();
  expect(await peer.texts(conversation)).not.toContain('先写的');
});

test('a reload in the middle of sending sends everything once and in order', async ({ enter, server }) => {
  const visitor = await enter('film-dev-2-a');
  visitor.watch.allow(/ERR_FAILED/);
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-2-b');
  let posts = 0;
  await visitor.page.route('**/messages', async route => {
    posts += 1;
    // The second one is still on its way when the page ends.
    if (posts === 1) await route.continue();
  });
  const texts = ['一', '二', '三', '四'].map(n => `中途${n}`);
  for (const text of texts) await me.send(text);
  await expect.poll(() => posts).toBe(2);
  await visitor.page.unroute('**/messages');
  await visitor.live(() => visitor.page.reload());
  for (const text of texts) await expect(me.mark(text, say('已发送'))).toBeVisible();
  const peer = await server.program('film-dev-2-b');
  const arrived = await peer.texts(await peer.conversation());
  expect(arrived.filter(text => text.startsWith('中途'))).toEqual(texts);
});

test('a device whose storage was cleared is a new one', async ({ enter }) => {
  const visitor = await enter('film-dev-3-a');
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-3-b');
  await visitor.stored();
  expect(await databases(visitor.page)).toBe(1);
  const browser = await visitor.context.newCDPSession(visitor.page);
  await browser.send('Storage.clearDataForOrigin', {
    origin: new URL(visitor.page.url()).origin,
    storageTypes: 'indexeddb,local_storage,cache_storage,service_workers',
  });
  await visitor.live(() => visitor.page.reload());
  await expect(me.messages.first()).toBeVisible();
  await me.send('新设备');
  await expect(me.mark('新设备', say('已发送'))).toBeVisible();
});

test('who logs out leaves nothing behind', async ({ enter }) => {
  const visitor = await enter('film-dev-4-a');
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-4-b');
  await visitor.stored();
  await visitor.page.getByRole('link', { name: say('设置') }).click();
  await visitor.page.getByRole('button', { name: '退出登录' }).click();
  await expect(visitor.page).toHaveURL(/\/login/);
  await expect.poll(() => databases(visitor.page)).toBe(0);
});

function databases(page: Page): Promise<number> {
  return page.evaluate(async () => (await indexedDB.databases()).length);
}
