import type { Page } from '@playwright/test';
import { Messenger } from './support/messenger.ts';
import { expect, test } from './support/test.ts';

/** Whether the page's ground is dark. */
function dark(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const [red = 255] = getComputedStyle(document.documentElement).backgroundColor.match(/\d+/g)!.map(Number);
    return red < 100;
  });
}

test('the theme chosen is there from the first byte on', async ({ enter }) => {
  const visitor = await enter('travel-dev-0-a');
  const page = visitor.page;
  expect(await dark(page)).toBe(false);
  await page.getByRole('button', { name: '改为深色外观' }).click();
  await expect.poll(() => dark(page)).toBe(true);
  let html = '';
  await visitor.live(async () => {
    html = await (await page.reload())!.text();
  });
  expect(html).toMatch(/^<!DOCTYPE html><html lang="zh-CN" data-theme="dark">/);
  expect(await dark(page)).toBe(true);
  await page.getByRole('button', { name: '改为浅色外观' }).click();
  await expect.poll(() => dark(page)).toBe(false);
  await visitor.open();
  expect(await dark(page)).toBe(false);
});

test('unless one chooses, the page is as light or dark as the system', async ({ enter }) => {
  const visitor = await enter('travel-dev-0-a', { colorScheme: 'dark' });
  expect(await dark(visitor.page)).toBe(true);
  await visitor.page.emulateMedia({ colorScheme: 'light' });
  await expect.poll(() => dark(visitor.page)).toBe(false);
});

test('the switch always changes what one sees', async ({ enter }) => {
  const visitor = await enter('travel-dev-0-a', { colorScheme: 'dark' });
  await visitor.page.getByRole('button', { name: '改为浅色外观' }).click();
  await expect.poll(() => dark(visitor.page)).toBe(false);
});

test('the language is the browser’s until one chooses another', async ({ enter, visit, server }) => {
  const english = await visit({ locale: 'en-GB' });
  await english.page.goto(`${server.url}/login`);
  await expect(english.page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(english.page.getByRole('heading', { level: 1 })).toHaveText('Log in');
  await expect(english.page).toHaveTitle('Log in · Sixin');

  const visitor = await enter('travel-dev-0-a');
  const page = visitor.page;
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('消息');
  await page.getByRole('link', { name: '设置' }).click();
  await page.getByRole('radio', { name: 'English' }).check();
  await page.getByRole('button', { name: '保存' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Settings');
  await visitor.open();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Messages');
  await page.getByRole('link', { name: /travel-dev-0-b/ }).click();
  await page.getByRole('textbox', { name: 'Write a message' }).fill('Hello');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('img', { name: 'Sent', exact: true }).last()).toBeVisible();
  await page.getByRole('button', { name: 'Emoji' }).click();
  await expect(page.getByRole('gridcell', { name: 'grinning face', exact: true })).toBeVisible();
});

test('times are told in the browser’s own time zone', async ({ enter }) => {
  for (const [timezoneId, time] of [
    ['Asia/Shanghai', '08:09'],
    ['America/Phoenix', '17:09'],
  ] as const) {
    const visitor = await enter('film-dev-0-a', { timezoneId });
    const me = new Messenger(visitor.page);
    await me.choose('film-dev-0-b');
    await expect(me.messages.last().getByRole('time')).toHaveText(time);
  }
});

test('a page that is looked at again in another time zone tells its times', async ({ enter }) => {
  const visitor = await enter('film-dev-0-a');
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-0-b');
  for (const [minutes, time] of [
    [-480, '08:09'],
    [420, '17:09'],
  ] as const) {
    await visitor.page.evaluate(minutes => {
      Date.prototype.getTimezoneOffset = () => minutes;
      document.dispatchEvent(new Event('visibilitychange'));
    }, minutes);
    await expect(me.messages.last().getByRole('time')).toHaveText(time);
  }
});

test('hydration keeps the nodes that the server rendered', async ({ enter }) => {
  const visitor = await enter('film-dev-0-a');
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-0-b');
  await visitor.page.addInitScript(() => {
    document.addEventListener('DOMContentLoaded', () => {
      const nodes = [...document.querySelectorAll('.session, article, textarea, button')];
      (window as any).kept = () => nodes.map(node => node.isConnected);
    });
  });
  await visitor.open(new URL(visitor.page.url()).pathname);
  await expect(me.messages.last()).toBeVisible();
  const kept: boolean[] = await visitor.page.evaluate('kept()');
  expect(kept.length).toBeGreaterThan(12);
  expect(kept).toEqual(kept.map(() => true));
});
