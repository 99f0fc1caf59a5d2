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
  await me.choose(PEER);
  await me.act(photos(me).last(), say('撤回'));
  await expect(them.messages.last()).toContainText(say('对方撤回了一条消息'));
  await expect(photos(them)).toHaveCount(0);
  const gone = await receiver.page.evaluate(async url => (await fetch(url, { cache: 'no-store' })).status, address);
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
  await page.unroute('**/api/v1/media?*');
  await expect(mark(photos(me).last(), '已发送').or(mark(photos(me).last(), '已送达'))).toBeVisible({ timeout: 60_000 });
  await page.reload();
  await expect.poll(() => order(me, '起点')).toEqual(['图', '失败的话']);
  await expect(me.mark('失败的话', say('发送失败'))).toBeVisible();
});

test('what is pasted and dropped is sent as well, and a file that is no picture is refused with a word', async ({ enter }) => {
  const visitor = await enter(ME);
  const page = visitor.page;
  const me = new Messenger(page);
  await me.choose(PEER);
  const { buffer } = await halves(page);
  for (const [nth, kind] of ['paste', 'drop'].entries()) {
    await me.composer.evaluate(
      (field, { kind, bytes }) => {
        const data = new DataTransfer();
        const file = Uint8Array.from(atob(bytes), character => character.charCodeAt(0));
        data.items.add(new File([file], 'x.png', { type: 'image/png' }));
        const how = { bubbles: true, cancelable: true };
        const event =
          kind === 'paste'
            ? new ClipboardEvent('paste', { ...how, clipboardData: data })
            : new DragEvent('drop', { ...how, dataTransfer: data });
        field.dispatchEvent(event);
      },
      { kind, bytes: buffer.toString('base64') },
    );
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
    await expect(last.getByRole('link', { name: '查看图片' })).toHaveAttribute('href', /\/api\/v1\/media\/[0-9a-f]{32}$/);
  });
});
