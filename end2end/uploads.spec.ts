import type { Locator, Page } from '@playwright/test';
import { Messenger } from './support/messenger.ts';
import { halves } from './support/picture.ts';
import { expect, test } from './support/test.ts';
import { say } from './support/words.ts';

const [ME, PEER] = ['film-dev-1-a', 'film-dev-1-b'];
const UPLOADS = '**/api/v1/media?*';

function photos(me: Messenger): Locator {
  return me.messages.filter({ has: me.page.getByRole('img', { name: say('图片'), exact: true }) });
}

function sent(message: Locator): Locator {
  return message
    .getByRole('img', { name: say('已发送'), exact: true })
    .or(message.getByRole('img', { name: say('已送达'), exact: true }));
}

async function choose(page: Page): Promise<void> {
  await page.locator('#pictures').setInputFiles(await halves(page));
}

/** The uploads that a page begins. */
function uploads(page: Page): string[] {
  const begun: string[] = [];
  page.on('request', request => {
    if (request.method() === 'POST' && request.url().includes('/api/v1/media')) begun.push(request.url());
  });
  return begun;
}

test('a tab leaves a picture to the tab that uploads it, and takes it over when that one is closed', async ({ enter }) => {
  test.setTimeout(90_000);
  const first = await enter(ME);
  first.watch.allow(/ERR_ABORTED|ERR_FAILED/);
  const second = await first.tab();
  await second.open();
  const [a, b] = [new Messenger(first.page), new Messenger(second.page)];
  await a.choose(PEER);
  await b.choose(PEER);
  const begun = uploads(first.page);
  await second.page.route(UPLOADS, () => undefined);
  await choose(second.page);
  await expect(second.page.getByRole('progressbar')).toBeVisible();
  await expect(photos(a)).toHaveCount(1);
  await a.send('在后');
  // Longer than a tab waits for one of which it hears nothing.
  await first.page.waitForTimeout(12_000);
  expect(begun).toEqual([]);
  await expect(a.mark('在后', say('发送中'))).toBeVisible();
  await second.page.close();
  await expect(sent(a.message('在后'))).toBeVisible({ timeout: 12_000 });
  expect(begun.length).toBe(1);
  await expect(sent(photos(a).last())).toBeVisible();
  await expect(photos(a)).toHaveCount(1);
});

test('a picture on its way is given up with the keyboard, and nothing of it goes on', async ({ enter }) => {
  const visitor = await enter(ME);
  visitor.watch.allow(/ERR_ABORTED|ERR_FAILED/);
  const page = visitor.page;
  const me = new Messenger(page);
  await me.choose(PEER);
  await page.route(UPLOADS, () => undefined);
  await choose(page);
  await expect(page.getByRole('progressbar')).toBeVisible();
  const aborted = page.waitForEvent('requestfailed', request => request.url().includes('/api/v1/media'));
  const giveUp = photos(me).last().getByRole('button', { name: say('放弃') });
  await expect(giveUp).toHaveJSProperty('tabIndex', 0);
  await giveUp.press('Enter');
  await expect(photos(me)).toHaveCount(0);
  await aborted;
  // What was given up is nothing to complain of; a complaint would stand for two seconds.
  await page.waitForTimeout(500);
  expect(await page.getByRole('alert').textContent()).toBe('');
  await me.send('接着');
  await expect(sent(me.message('接着'))).toBeVisible();

  await choose(page);
  await expect(page.getByRole('progressbar')).toBeVisible();
  await me.act(photos(me).last(), say('放弃'));
  await expect(photos(me)).toHaveCount(0);
});

test('a picture that was kept for no message is swept when a page begins', async ({ enter }) => {
  const visitor = await enter(ME);
  const page = visitor.page;
  await visitor.stored();
  const orphans = (put: boolean) =>
    page.evaluate(async put => {
      const [{ name }] = (await indexedDB.databases()).filter(database => database.name!.startsWith('sixin-')) as [{ name: string }];
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const transaction = database.transaction('pictures', 'readwrite');
      const store = transaction.objectStore('pictures');
      // Of the year 2023.
      if (put) store.put(new Blob(['x']), '018bcfe5-6800-7000-8000-000000000000');
      const count = store.count();
      await new Promise(resolve => (transaction.oncomplete = resolve));
      database.close();
      return count.result;
    }, put);
  expect(await orphans(true)).toBe(1);
  await page.reload();
  await expect.poll(() => orphans(false)).toBe(0);
});
