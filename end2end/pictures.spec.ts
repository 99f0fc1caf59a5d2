import type { Locator, Page } from '@playwright/test';
import { glance } from './support/look.ts';
import { Messenger } from './support/messenger.ts';
import { halves } from './support/picture.ts';
import { expect, FLOW, test } from './support/test.ts';
import { say } from './support/words.ts';

const [ME, PEER] = ['film-dev-1-a', 'film-dev-1-b'];

/** The messages with a picture. */
function photos(me: Messenger): Locator {
  return me.messages.filter({ has: me.page.getByRole('img', { name: say('图片'), exact: true }) });
}

function photo(message: Locator, page: Page): Locator {
  return message.getByRole('img', { name: say('图片'), exact: true }).and(page.locator('img'));
}

function mark(message: Locator, words: string): Locator {
  return message.getByRole('img', { name: say(words), exact: true });
}

/** Chooses files as a person does with the button in the composer. */
async function choose(page: Page, count = 1): Promise<void> {
  const file = await halves(page);
  const files = Array.from({ length: count }, (_, nth) => ({ ...file, name: `${nth}.png` }));
  await page.locator('#pictures').setInputFiles(files);
}

/** Whether a picture is there, and not only its place. */
async function drawn(shown: Locator): Promise<boolean> {
  return shown.evaluate(image => image instanceof HTMLImageElement && image.complete && image.naturalWidth > 0);
}

/** What the open conversation shows from the message after `after` on: texts, and "图" for a picture. */
async function order(me: Messenger, after: string): Promise<string[]> {
  const shown = await me.messages.evaluateAll(rows =>
    rows.map(row => (row.querySelector('img') ? '图' : (row.querySelector('.text')?.textContent ?? ''))),
  );
  return shown.slice(shown.lastIndexOf(after) + 1);
}

test('a picture goes out, is seen on the other side, opens and closes, and can be recalled', FLOW, async ({ enter }) => {
  const sender = await enter(ME);
  const me = new Messenger(sender.page);
  await me.choose(PEER);
  await choose(sender.page);
  const sent = photos(me).last();
  await expect(mark(sent, '已发送').or(mark(sent, '已送达'))).toBeVisible();
  await expect.poll(() => drawn(photo(sent, sender.page))).toBe(true);
  await me.showList();
  await expect(me.session(PEER)).toContainText(say('[图片]'));

  const receiver = await enter(PEER);
  receiver.watch.allow(/answer 404|status of 404/);
  const them = new Messenger(receiver.page);
  await expect(them.session(ME)).toContainText(say('[图片]'));
  await them.choose(ME);
  const shown = photos(them).last();
  await expect.poll(() => drawn(photo(shown, receiver.page))).toBe(true);
  await expect(photo(shown, receiver.page)).toHaveAttribute('src', /\/api\/v1\/media\/[0-9a-f]{32}\/thumb$/);
  await glance(receiver.page);

  const link = shown.getByRole('link', { name: say('查看图片') });
  await link.click();
  const dialog = receiver.page.getByRole('dialog');
  await expect.poll(() => drawn(dialog.getByRole('img'))).toBe(true);
  await glance(receiver.page);
  await receiver.page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(link).toBeFocused();

  const address = (await link.getAttribute('href'))!;
  await link.click();
  await expect(dialog).toBeVisible();
  await me.choose(PEER);
  await me.act(photos(me).last(), say('撤回'));
  await expect(dialog).toBeHidden();
  await expect(them.messages.last()).toContainText(say('对方撤回了一条消息'));
  await expect(photos(them)).toHaveCount(0);
  const gone = await receiver.page.evaluate(async url => (await fetch(url)).status, address);
  expect(gone).toBe(404);
});

test('several pictures chosen offline wait in their order with the texts around them, survive a reload and go out once', FLOW, async ({
  enter,
  server,
}) => {
  const visitor = await enter(ME);
  visitor.watch.allowOutage();
  const page = visitor.page;
  const me = new Messenger(page);
  await me.choose(PEER);
  await visitor.stored();
  await server.kill();
  await me.send('在前');
  await choose(page, 2);
  await expect(photos(me)).toHaveCount(2);
  await me.send('在后');
  await expect.poll(() => order(me, '在前')).toEqual(['图', '图', '在后']);
  await visitor.stored();
  await page.reload();
  await expect(photos(me)).toHaveCount(2);
  await expect.poll(() => drawn(photo(photos(me).last(), page))).toBe(true);
  await expect.poll(() => order(me, '在前')).toEqual(['图', '图', '在后']);

  await server.start();
  await page.getByRole('button', { name: say('立即重连') }).click({ timeout: 3_000 }).catch(() => undefined);
  await expect(me.mark('在后', say('已发送'))).toBeVisible({ timeout: 30_000 });
  const receiver = await enter(PEER);
  const them = new Messenger(receiver.page);
  await them.choose(ME);
  await expect(photos(them)).toHaveCount(2);
  await expect.poll(() => order(them, '在前')).toEqual(['图', '图', '在后']);
});

test('a picture that could not be fetched without a connection is there once there is one', async ({ enter, server }) => {
  const peer = await enter(PEER);
  peer.watch.allowOutage();
  const sender = new Messenger(peer.page);
  await sender.choose(ME);
  await choose(sender.page, 1);
  await expect(sender.messages.last().getByRole('img', { name: say('已发送'), exact: true })).toBeVisible();
  const visitor = await enter(ME);
  visitor.watch.allowOutage();
  const { page } = visitor;
  const me = new Messenger(page);
  await me.choose(PEER);
  await expect.poll(() => drawn(photo(photos(me).last(), page))).toBe(true);
  await visitor.stored();
  await server.kill();
  await page.reload();
  await expect(photos(me)).toHaveCount(1);
  await expect.poll(() => drawn(photo(photos(me).last(), page))).toBe(false);
  await server.start();
  await page.getByRole('button', { name: say('立即重连') }).click({ timeout: 3_000 }).catch(() => undefined);
  await expect.poll(() => drawn(photo(photos(me).last(), page)), { timeout: 30_000 }).toBe(true);
});

test('a reload in the middle of an upload loses nothing and sends nothing twice', async ({ enter }) => {
  const visitor = await enter(ME);
  visitor.watch.allow(/ERR_ABORTED|ERR_FAILED/);
  const page = visitor.page;
  const me = new Messenger(page);
  await me.choose(PEER);
  await page.route('**/api/v1/media?*', () => undefined);
  await choose(page);
  await expect(page.getByRole('progressbar')).toBeVisible();
  await expect(mark(photos(me).last(), '发送中')).toBeVisible();
  await visitor.stored();
  await page.unroute('**/api/v1/media?*');
  await page.reload();
  await expect(mark(photos(me).last(), '已发送')).toBeVisible({ timeout: 30_000 });
  await expect(photos(me)).toHaveCount(1);
});

test('a failed picture that is tried again stays where it is until it is uploaded, and then is at the bottom', async ({ enter }) => {
  const visitor = await enter(ME);
  visitor.watch.allow(/status of (422|503)|answer (422|503)|ERR_FAILED|ERR_INTERNET_DISCONNECTED/);
  const page = visitor.page;
  const me = new Messenger(page);
  await me.choose(PEER);
  await me.send('起点');
  await expect(me.mark('起点', say('已发送')).or(me.mark('起点', say('已送达')))).toBeVisible();
  const refusal = { error: { code: 'invalid_field', message: '', retryable: false } };
  await page.route('**/api/v1/media?*', route => route.fulfill({ status: 422, json: refusal }));
  await page.route('**/messages', route => route.fulfill({ status: 422, json: refusal }));
  await choose(page);
  await expect(mark(photos(me).last(), '发送失败')).toBeVisible();
  await me.send('失败的话');
  await expect(me.mark('失败的话', say('发送失败'))).toBeVisible();
  expect(await order(me, '起点')).toEqual(['图', '失败的话']);

  await page.unroute('**/messages');
  await page.unroute('**/api/v1/media?*');
  await page.route('**/api/v1/media?*', route => route.abort());
  await photos(me).last().getByRole('button', { name: say('点击重试') }).click();
  await expect(mark(photos(me).last(), '等待网络')).toBeVisible();
  expect(await order(me, '起点')).toEqual(['图', '失败的话']);
  await me.send('后来');
  await expect(me.mark('后来', say('已发送')).or(me.mark('后来', say('已送达')))).toBeVisible();
  expect(await order(me, '起点')).toEqual(['后来', '图', '失败的话']);
  let release = () => {};
  const held = new Promise<void>(resolve => (release = resolve));
  await page.route('**/messages', async route => {
    await held;
    await route.continue();
  });
  await page.unroute('**/api/v1/media?*');
  await expect.poll(() => order(me, '起点'), { timeout: 60_000 }).toEqual(['后来', '失败的话', '图']);
  release();
  await expect(mark(photos(me).last(), '已发送').or(mark(photos(me).last(), '已送达'))).toBeVisible();
  await page.reload();
  await expect.poll(() => order(me, '起点')).toEqual(['后来', '图', '失败的话']);
  await expect(me.mark('失败的话', say('发送失败'))).toBeVisible();
});

/** Brings a picture, and perhaps a text with it, to an element of the page. Tells whether the page took it. */
async function bring(target: Locator, kind: 'paste' | 'drop' | 'dragover', text?: string): Promise<boolean> {
  const { buffer } = await halves(target.page());
  return target.evaluate(
    (element, { kind, bytes, text }) => {
      const data = new DataTransfer();
      const file = Uint8Array.from(atob(bytes), character => character.charCodeAt(0));
      data.items.add(new File([file], 'x.png', { type: 'image/png' }));
      if (text !== undefined) data.setData('text/plain', text);
      if (text !== undefined) data.setData('text/html', `<td>${text}</td>`);
      const how = { bubbles: true, cancelable: true };
      const event =
        kind === 'paste'
          ? new ClipboardEvent('paste', { ...how, clipboardData: data })
          : new DragEvent(kind, { ...how, dataTransfer: data });
      return !element.dispatchEvent(event);
    },
    { kind, bytes: buffer.toString('base64'), text },
  );
}

test('a picture is pasted and dropped only where one can write, and a text beside it goes first', async ({ enter }) => {
  const visitor = await enter(ME);
  const me = new Messenger(visitor.page);
  await me.choose(PEER);
  const chat = visitor.page.getByRole('main');
  const filter = visitor.page.getByRole('searchbox', { name: say('筛选会话') });
  expect(await bring(me.composer, 'paste', '两格')).toBe(false);
  expect(await bring(filter, 'paste')).toBe(false);
  // Anywhere else the browser would leave the page for it.
  expect(await bring(filter, 'drop')).toBe(true);
  await me.send('一句');
  await bring(chat, 'dragover');
  await expect(chat).toHaveCSS('outline-style', 'dashed');
  await bring(filter, 'dragover');
  await expect(chat).toHaveCSS('outline-style', 'none');
  await me.act(me.messages.last(), say('多选'));
  await bring(chat, 'drop');
  await bring(chat, 'paste');
  await visitor.page.getByRole('button', { name: say('取消') }).click();
  await bring(chat, 'dragover');
  await visitor.page.getByRole('log').evaluate(log => log.dispatchEvent(new DragEvent('dragstart', { bubbles: true })));
  await bring(me.composer, 'drop');
  await visitor.page.getByRole('log').evaluate(log => log.dispatchEvent(new DragEvent('dragend', { bubbles: true })));
  // Those before would have been sent by now, each in its turn.
  await bring(chat, 'drop');
  await expect(mark(photos(me).last(), '已发送').or(mark(photos(me).last(), '已送达'))).toBeVisible();
  await expect(photos(me)).toHaveCount(1);
});

test('a picture that is larger than what is kept of one is made smaller before it leaves', async ({ enter }) => {
  const visitor = await enter(ME);
  const page = visitor.page;
  const me = new Messenger(page);
  await me.choose(PEER);
  const url = await page.evaluate(() => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [4000, 3000];
    const context = canvas.getContext('2d')!;
    context.fillStyle = 'red';
    context.fillRect(0, 0, 4000, 3000);
    return canvas.toDataURL('image/png');
  });
  // Whatever stands behind the picture is sent with it by whoever sends the file.
  const buffer = Buffer.concat([Buffer.from(url.split(',')[1]!, 'base64'), Buffer.alloc(16 * 1024 * 1024)]);
  const upload = page.waitForRequest('**/api/v1/media?*');
  await page.locator('#pictures').setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer });
  await expect(mark(photos(me).last(), '已发送').or(mark(photos(me).last(), '已送达'))).toBeVisible({ timeout: 30_000 });
  expect((await upload).headers()['content-type']).toBe('image/jpeg');
  const sides = await photo(photos(me).last(), page).evaluate((image: HTMLImageElement) => [
    image.naturalWidth,
    image.naturalHeight,
  ]);
  expect(sides).toEqual([2828, 2121]);
});

test('what is pasted and dropped is sent as well, and a file that is no picture is refused with a word', async ({ enter }) => {
  const visitor = await enter(ME);
  const page = visitor.page;
  const me = new Messenger(page);
  await me.choose(PEER);
  for (const [nth, kind] of (['paste', 'drop'] as const).entries()) {
    expect(await bring(me.composer, kind)).toBe(true);
    await expect(photos(me)).toHaveCount(nth + 1);
    await expect(mark(photos(me).last(), '已发送').or(mark(photos(me).last(), '已送达'))).toBeVisible();
  }
  await page.locator('#pictures').setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
  await expect(page.getByRole('alert').filter({ hasText: '不是可用的图片' })).toBeVisible();
  await expect(photos(me)).toHaveCount(2);
});

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false });

  test('without scripts a form sends a picture', async ({ visit }) => {
    const visitor = await visit();
    visitor.watch.allow(/answer 422|status of 422/);
    const page = visitor.page;
    await visitor.login(ME);
    await page.getByRole('link', { name: PEER }).click();
    // 2 × 1 pixels.
    const png = 'iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR4nGP4zwAE/wEHAAH/4iOeWQAAAABJRU5ErkJggg==';
    const field = page.locator('.composer-pictures input[type=file]');
    await field.setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
    await page.getByRole('button', { name: '上传图片' }).click();
    await expect(page.getByText('不是可用的图片')).toBeVisible();
    await field.setInputFiles({ name: 'x.png', mimeType: 'image/png', buffer: Buffer.from(png, 'base64') });
    await page.getByRole('button', { name: '上传图片' }).click();
    const last = page.getByRole('log').getByRole('article').last();
    await expect(last.getByRole('img', { name: '图片', exact: true })).toBeVisible();
    const link = last.getByRole('link', { name: '查看图片' });
    await expect(link).toHaveAttribute('href', /\/api\/v1\/media\/[0-9a-f]{32}$/);
    await expect(link).toHaveJSProperty('tabIndex', 0);
  });
});
