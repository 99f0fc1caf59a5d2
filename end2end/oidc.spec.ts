import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { glance } from './support/look.ts';
import { Messenger } from './support/messenger.ts';
import { Provider } from './support/provider.ts';
import { Server } from './support/server.ts';
import { test as base, expect, FLOW } from './support/test.ts';
import { say } from './support/words.ts';

const test = base.extend<{ provider: Provider }>({
  provider: async ({}, use) => {
    const provider = new Provider();
    await provider.start();
    await use(provider);
    await provider.stop();
  },

  /** A server that knows the provider. */
  server: async ({ imported, provider }, use) => {
    const folder = await imported.copy();
    const server = new Server(folder, provider.settings);
    await server.start();
    await use(server);
    await server.stop();
    await folder.remove();
  },
});

for (const [locale, button, out] of [
  ['zh-CN', '使用 公司账号 SSO 登录', '退出登录'],
  ['en-US', 'Log in with 公司账号 SSO', 'Log out'],
] as const) {
  test(`one logs in with the provider, writes, logs out, and is the same again: ${locale}`, async ({
    visit,
    server,
    provider,
  }) => {
    provider.who = { sub: '1', preferred_username: 'zhang.san', name: '张三' };
    const visitor = await visit({ locale, viewport: { width: 390, height: 844 } });
    const page = visitor.page;
    await page.goto(`${server.url}/login`);
    await check(page);
    await page.getByRole('link', { name: button }).click();
    await expect(page).toHaveTitle('Provider');
    await visitor.live(() => page.getByRole('link', { name: 'Continue' }).click());
    await expect(page).toHaveURL(`${server.url}/`);

    await page.goto(`${server.url}/new?query=film-dev-0-a`);
    await visitor.live(() => page.getByRole('button', { name: 'film-dev-0-a' }).click());
    const composer = page.getByRole('textbox', { name: /输入消息|Write a message/ });
    await composer.fill('第一条消息');
    await composer.press('Enter');
    await expect(page.getByRole('img', { name: /已发送|Sent/ })).toBeVisible();

    await page.goto(`${server.url}/settings`);
    await expect(page.getByRole('region', { name: /公司账号 SSO/ })).toContainText('zhang.san');
    await check(page);
    await page.getByRole('button', { name: out }).click();
    await expect(page).toHaveURL(/\/login$/);
    await page.goto(`${server.url}/devices`);
    await page.getByRole('link', { name: button }).click();
    await page.getByRole('link', { name: 'Continue' }).click();
    await expect(page, 'the page that one wanted').toHaveURL(`${server.url}/devices`);
    await visitor.open('/');
    await expect(page.getByText('第一条消息').first()).toBeVisible();
  });
}

test('an account is linked and unlinked without scripts, and the other way in stays', async ({
  visit,
  server,
  provider,
}) => {
  provider.who = { sub: '7', preferred_username: 'li.si' };
  const visitor = await visit({ javaScriptEnabled: false });
  const page = visitor.page;
  await visitor.login('film-dev-0-a');
  await page.goto(`${server.url}/settings`);
  await check(page, false);
  await page.getByRole('button', { name: '关联 公司账号 SSO' }).click();
  await page.getByRole('link', { name: 'Continue' }).click();
  await expect(page).toHaveURL(`${server.url}/settings`);
  await expect(page.getByText('li.si')).toBeVisible();

  await page.getByRole('button', { name: '退出登录' }).click();
  await page.getByRole('link', { name: '使用 公司账号 SSO 登录' }).click();
  await page.getByRole('link', { name: 'Continue' }).click();
  await expect(page).toHaveURL(`${server.url}/`);
  await page.goto(`${server.url}/settings`);
  await expect(page.getByText('@film-dev-0-a')).toBeVisible();
  await page.getByRole('button', { name: '取消关联 li.si' }).click();
  await expect(page.getByRole('button', { name: '关联 公司账号 SSO', exact: true })).toBeVisible();
});

test('an identity is linked and taken off again, and leads elsewhere then', FLOW, async ({ visit, server, provider }) => {
  provider.who = { sub: '9', preferred_username: 'zhao.liu' };
  const visitor = await visit();
  const page = visitor.page;
  const name = '公司账号 SSO';
  const part = page.getByRole('region', { name: /公司账号 SSO/ });
  const link = part.getByRole('button', { name: say('关联 {}', name), exact: true });
  const unlink = part.getByRole('button', { name: say('取消关联 {}', 'zhao.liu') });
  const logOut = async () => {
    await page.getByRole('button', { name: say('退出登录') }).click();
    await expect(page).toHaveURL(/\/login$/);
  };
  const comeBy = async () => {
    await page.getByRole('link', { name: say('使用 {} 登录', name) }).click();
    await visitor.live(() => page.getByRole('link', { name: 'Continue' }).click());
    await expect(page).toHaveURL(`${server.url}/`);
    await page.goto(`${server.url}/settings`);
  };
  await visitor.live(() => visitor.login('film-dev-0-a'));
  await page.goto(`${server.url}/settings`);
  await link.click();
  await page.getByRole('link', { name: 'Continue' }).click();
  await expect(page).toHaveURL(`${server.url}/settings`);
  await expect(part).toContainText('zhao.liu');
  await expect(link).toHaveCount(0);
  await glance(page);
  await logOut();
  await comeBy();
  await expect(page.getByText('@film-dev-0-a')).toBeVisible();

  await unlink.click();
  await expect(link).toBeVisible();
  await expect(part).not.toContainText('zhao.liu');
  await glance(page);
  // Who comes by it now is somebody new, whose only way in it is.
  await logOut();
  await comeBy();
  await expect(page.getByText('@zhao.liu')).toBeVisible();
  await expect(page.getByText('@film-dev-0-a')).toHaveCount(0);
  await expect(part).toContainText(say('这是登录这个账号的唯一方式，不能取消。'));
  await expect(unlink).toHaveCount(0);
  await glance(page);
  // The password still leads into the account.
  await logOut();
  await visitor.live(() => visitor.login('film-dev-0-a'));
  await page.goto(`${server.url}/settings`);
  await expect(page.getByText('@film-dev-0-a')).toBeVisible();
  await expect(link).toBeVisible();
});

test('who says no at the provider is told so, and begins again', async ({ visit, server, provider }) => {
  provider.who = { sub: '8', name: '王五' };
  provider.denies = true;
  const visitor = await visit({ locale: 'en-US', viewport: { width: 390, height: 844 } });
  visitor.watch.allow(/status of 403|answer 403/);
  const page = visitor.page;
  await page.goto(`${server.url}/login`);
  await page.getByRole('link', { name: 'Log in with 公司账号 SSO' }).click();
  await page.getByRole('link', { name: 'Continue' }).click();
  await expect(page.getByRole('alert')).toHaveText(/did not confirm who you are/);
  await check(page);
  provider.denies = false;
  await page.getByRole('link', { name: 'Begin again' }).click();
  await page.getByRole('link', { name: 'Log in with 公司账号 SSO' }).click();
  await visitor.live(() => page.getByRole('link', { name: 'Continue' }).click());
  await expect(new Messenger(page).composer.or(page.getByText('No conversations yet')).first()).toBeVisible();
});

/** The rules of WCAG 2.2 AA, and no scrolling to the side. */
async function check(page: Page, scripts = true): Promise<void> {
  if (scripts) {
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(it => `${it.id}: ${it.help}`), page.url()).toEqual([]);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wide).toBeLessThanOrEqual(0);
}
