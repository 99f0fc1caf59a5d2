import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { Messenger } from './support/messenger.ts';
import { expect, test } from './support/test.ts';

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing to blame in the ${colorScheme} theme`, async ({ enter, visit, server }) => {
    // Looking at a page so closely takes seconds, and there are many.
    test.slow();
    const guest = await visit({ colorScheme });
    for (const path of ['/login', '/register', '/nowhere']) {
      guest.watch.allow(/\/nowhere/);
      await guest.page.goto(server.url + path);
      await check(guest.page);
    }

    const visitor = await enter('kleedrac', { colorScheme });
    const page = visitor.page;
    await check(page);
    const peer = await server.program('crimsun');
    await peer.send(await peer.conversation(), 'ping');
    const me = new Messenger(page);
    await expect(me.sessions.first()).toContainText('未读');
    await check(page);
    await me.sessions.first().getByRole('link').click();
    await me.send('pong');
    await expect(me.mark('pong', '已发送')).toBeVisible();
    await expect(me.log.getByRole('separator')).toBeVisible();
    await check(page);
    await me.composer.fill('x'.repeat(2049));
    await check(page);
    await page.getByRole('button', { name: '表情' }).click();
    await expect(page.getByRole('dialog').getByRole('gridcell').first()).toBeVisible();
    await check(page);
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: '新会话' }).click();
    await page.getByRole('dialog').getByRole('searchbox').fill('film');
    await expect(page.getByRole('dialog').getByRole('listitem').first()).toBeVisible();
    await check(page);

    for (const path of ['/settings', '/devices', '/new?query=film']) {
      await page.goto(server.url + path);
      await check(page);
    }
  });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing to blame in menus and dialogs in the ${colorScheme} theme`, async ({ enter, server }) => {
    test.slow();
    const visitor = await enter('film-dev-0-a', { colorScheme });
    const page = visitor.page;
    const me = new Messenger(page);
    const peer = await server.program('film-dev-0-b');
    await peer.send(await peer.conversation(), 'ping');
    await me.session('film-dev-0-b').getByRole('button').click();
    await expect(page.getByRole('dialog').getByRole('link')).toBeVisible();
    await check(page, 'dialog[open]');
    await page.keyboard.press('Escape');
    await me.askAbout(me.session('film-dev-0-b'));
    await check(page, 'dialog[open]');
    await me.menu.getByRole('menuitem', { name: '删除会话' }).click();
    await check(page, 'dialog[open]');
    await page.keyboard.press('Escape');
    await me.choose('film-dev-0-b');
    await me.send('pong');
    await me.act(me.message('ping'), '举报');
    await check(page, 'dialog[open]');
    await page.keyboard.press('Escape');
    await me.act(me.message('pong'), '撤回');
    await expect(me.messages.last()).toContainText('你撤回了一条消息');
    await me.act(me.message('ping'), '删除');
    await expect(page.getByRole('button', { name: '撤销' })).toBeVisible();
    await check(page, '.toasts');
    await me.act(me.messages.first(), '多选');
    await check(page, '.chat');
    await page.keyboard.press('Control+/');
    await check(page, 'dialog[open]');
  });
}

test('axe finds nothing to blame during an outage and on a narrow screen', async ({ enter, server }) => {
  const visitor = await enter('film-dev-0-a', { viewport: { width: 390, height: 844 } });
  visitor.watch.allowOutage();
  const me = new Messenger(visitor.page);
  await me.session('film-dev-0-b').getByRole('link').click();
  await check(visitor.page);
  await server.kill();
  await me.send('没有网络');
  await expect(visitor.page.getByText('网络已断开')).toBeVisible();
  await check(visitor.page);
});

test('new messages are read out, history is not', async ({ enter, server }) => {
  const visitor = await enter('kleedrac');
  const me = new Messenger(visitor.page);
  await me.choose('ubuntu-2004-12-25.train-c');
  const heard = visitor.page.locator('[aria-live=polite]:not([role=status])');
  await me.log.hover();
  await visitor.page.mouse.wheel(0, -2000);
  await expect.poll(async () => (await me.seqs())[0]).toBeLessThan(580);
  await expect(heard).toHaveText('');
  const peer = await server.program('crimsun');
  await peer.send(await peer.conversation(), 'hear me');
  await expect(heard).toHaveText('crimsun：hear me');
});

/** The rules of WCAG 2.2 AA, and good practice, in the page or a part of it. */
async function check(page: Page, part = 'html'): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).include(part).analyze();
  const told = violations.map(it => `${it.id}: ${it.help}: ${it.nodes.map(node => node.html).join(' … ')}`);
  expect(told, page.url()).toEqual([]);
}
