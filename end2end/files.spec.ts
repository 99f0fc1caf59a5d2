import { readFile } from 'node:fs/promises';
import type { Locator, Page } from '@playwright/test';
import { glance } from './support/look.ts';
import { Messenger } from './support/messenger.ts';
import { halves } from './support/picture.ts';
import { expect, FLOW, test } from './support/test.ts';
import { say } from './support/words.ts';

const [ME, PEER] = ['film-dev-1-a', 'film-dev-1-b'];
const UPLOADS = '**/api/v1/files?*';
const NAME = '季度报告（终稿）v2 & notes.html';
/** Longer than what others wait for. */
const LONG = 5 * 1024 * 1024;

/** The messages with a file of this name. */
function files(me: Messenger, name = NAME): Locator {
  return me.messages.filter({ has: me.page.locator('.file-name', { hasText: name }) });
}

function sent(message: Locator): Locator {
  const mark = (words: string): Locator => message.getByRole('img', { name: say(words), exact: true });
  return mark('已发送').or(mark('已送达'));
}

/** Chooses files as a person does with the button in the composer. */
async function choose(page: Page, ...chosen: [name: string, content: Buffer][]): Promise<void> {
  const given = chosen.map(([name, buffer]) => ({ name, mimeType: 'application/octet-stream', buffer }));
  await page.locator('#files').setInputFiles(given);
}

/** What the open conversation shows from the message after `after` on: texts, and names of files. */
async function order(me: Messenger, after: string): Promise<string[]> {
  const shown = await me.messages.evaluateAll(rows =>
    rows.map(row => row.querySelector('.file-name, .text')?.textContent ?? ''),
  );
  return shown.slice(shown.lastIndexOf(after) + 1);
}

test('a file goes out, is saved on the other side as it came, and can be recalled', FLOW, async ({ enter }) => {
  const content = Buffer.from('<script>document.title = "taken over"</script>'.repeat(40));
  const sender = await enter(ME);
  const me = new Messenger(sender.page);
  await me.choose(PEER);
  await choose(sender.page, [NAME, content]);
  await expect(sent(files(me).last())).toBeVisible();
  await me.showList();
  await expect(me.session(PEER)).toContainText(say('[文件] {}', NAME));

  const receiver = await enter(PEER);
  receiver.watch.allow(/answer 404|status of 404/);
  const them = new Messenger(receiver.page);
  await expect(them.session(ME)).toContainText(say('[文件] {}', NAME));
  await them.choose(ME);
  const link = files(them).last().getByRole('link', { name: NAME });
  await expect(link).toContainText('1.7 KB');
  await glance(receiver.page);
  const saving = receiver.page.waitForEvent('download');
  await link.click();
  const saved = await saving;
  expect(saved.suggestedFilename()).toBe(NAME);
  expect(await readFile(await saved.path())).toEqual(content);

  const address = (await link.getAttribute('href'))!;
  // Whoever follows it by hand is given it to save, and not to look at.
  const kind = await receiver.page.evaluate(async url => {
    const { headers } = await fetch(url);
    return [headers.get('content-type'), headers.get('content-disposition')?.split(';')[0]];
  }, address);
  expect(kind).toEqual(['application/octet-stream', 'attachment']);
  await me.choose(PEER);
  await me.act(files(me).last(), say('撤回'));
  await expect(them.messages.last()).toContainText(say('对方撤回了一条消息'));
  await expect(files(them)).toHaveCount(0);
  expect(await receiver.page.evaluate(async url => (await fetch(url)).status, address)).toBe(404);
});

test('what is written after a long file does not wait for it, and it goes to the bottom when it is there', async ({ enter }) => {
  const visitor = await enter(ME);
  const page = visitor.page;
  const me = new Messenger(page);
  await me.choose(PEER);
  await me.send('在前');
  let go = (): void => undefined;
  const held = new Promise<void>(resolve => (go = resolve));
  await page.route(UPLOADS, async route => {
    await held;
    await route.continue();
  });
  await choose(page, ['电影.bin', Buffer.alloc(LONG, 7)], ['附注.txt', Buffer.from('short')]);
  await expect(page.getByRole('progressbar')).toHaveCount(1);
  await me.send('在后');
  await expect(sent(me.message('在后'))).toBeVisible();
  expect(await order(me, '在前')).toEqual(['在后', '电影.bin', '附注.txt']);
  go();
  await expect(sent(files(me, '附注.txt'))).toBeVisible();
  await expect(sent(files(me, '电影.bin'))).toBeVisible();
  expect(await order(me, '在前')).toEqual(['在后', '电影.bin', '附注.txt']);
});

test('a file chosen offline waits in its order, survives a reload and goes out once', async ({ enter, server }) => {
  const visitor = await enter(ME);
  visitor.watch.allowOutage();
  const page = visitor.page;
  const me = new Messenger(page);
  await me.choose(PEER);
  await visitor.stored();
  await server.kill();
  await me.send('在前');
  await choose(page, ['一.txt', Buffer.from('one')], ['二.bin', Buffer.from([0, 255, 13, 10])]);
  await expect(files(me, '二.bin')).toHaveCount(1);
  await me.send('在后');
  await expect.poll(() => order(me, '在前')).toEqual(['一.txt', '二.bin', '在后']);
  await visitor.stored();
  await page.reload();
  await expect.poll(() => order(me, '在前')).toEqual(['一.txt', '二.bin', '在后']);

  await server.start();
  await page.getByRole('button', { name: say('立即重连') }).click({ timeout: 3_000 }).catch(() => undefined);
  await expect(me.mark('在后', say('已发送'))).toBeVisible({ timeout: 30_000 });
  const receiver = await enter(PEER);
  const them = new Messenger(receiver.page);
  await them.choose(ME);
  await expect.poll(() => order(them, '在前')).toEqual(['一.txt', '二.bin', '在后']);
  const saving = receiver.page.waitForEvent('download');
  await files(them, '二.bin').getByRole('link', { name: '二.bin' }).click();
  expect(await readFile(await (await saving).path())).toEqual(Buffer.from([0, 255, 13, 10]));
});

test('what is dropped goes as what it is, a picture chosen as a file goes as one, and an empty file is refused with a word', async ({
  enter,
}) => {
  const visitor = await enter(ME);
  const page = visitor.page;
  const me = new Messenger(page);
  await me.choose(PEER);
  await me.send('在前');
  const picture = await halves(page);
  await me.composer.evaluate((field, png) => {
    const data = new DataTransfer();
    data.items.add(new File(['a,b'], '表.csv', { type: 'text/csv' }));
    data.items.add(new File([Uint8Array.from(atob(png), c => c.charCodeAt(0))], 'p.png', { type: 'image/png' }));
    field.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  }, picture.buffer.toString('base64'));
  await expect(sent(files(me, '表.csv'))).toBeVisible();
  await expect(me.messages.last().getByRole('img', { name: say('图片'), exact: true })).toBeVisible();
  await choose(page, ['p.png', picture.buffer], ['空.txt', Buffer.alloc(0)]);
  await expect(sent(files(me, 'p.png'))).toBeVisible();
  await expect(page.getByRole('alert').filter({ hasText: say('这个文件无法发送：不能为空，最大 100 MB') })).toBeVisible();
  expect(await order(me, '在前')).toEqual(['表.csv', '', 'p.png']);
});

test('on a narrow screen one button brings pictures and files, each as what it is', async ({ enter }) => {
  const visitor = await enter(ME);
  const page = visitor.page;
  const me = new Messenger(page);
  await me.choose(PEER);
  await me.send('在前');
  await page.setViewportSize({ width: 390, height: 844 });
  const choosers = page.locator('.composer .chooses');
  await expect(choosers).toHaveCount(2);
  await expect(choosers.filter({ visible: true })).toHaveCount(1);
  const picture = await halves(page);
  const chooser = page.waitForEvent('filechooser');
  await choosers.filter({ visible: true }).click();
  const table = { name: '表.csv', mimeType: 'text/csv', buffer: Buffer.from('a,b') };
  await (await chooser).setFiles([picture, table]);
  await expect(sent(files(me, '表.csv'))).toBeVisible();
  expect(await order(me, '在前')).toEqual(['', '表.csv']);
  await expect(me.messages.getByRole('img', { name: say('图片'), exact: true })).toHaveCount(1);
});
