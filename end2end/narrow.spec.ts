import { Messenger } from './support/messenger.ts';
import { expect, test } from './support/test.ts';

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

test('a narrow screen shows one pane, and the ways back work', async ({ enter }) => {
  const visitor = await enter('film-dev-0-a');
  const page = visitor.page;
  const me = new Messenger(page);
  const row = me.session('film-dev-0-b');
  await expect(row).toBeVisible();
  await expect(page.getByRole('main')).not.toBeInViewport();

  await row.tap();
  await expect(me.messages.last()).toBeInViewport();
  await expect(row).not.toBeInViewport();
  await page.getByRole('link', { name: '返回会话列表' }).tap();
  await expect(row).toBeInViewport();
  await expect(me.log).not.toBeInViewport();

  await row.tap();
  await expect(me.log).toBeInViewport();
  await page.goBack();
  await expect(row).toBeInViewport();
  await page.goForward();
  await expect(me.log).toBeInViewport();
  await me.composer.fill('在路上');
  await page.getByRole('button', { name: '发送' }).tap();
  await expect(me.message('在路上')).toBeInViewport();
});

test('on a phone going back from the list never leads to a conversation that one has left', async ({ enter }) => {
  const visitor = await enter('film-dev-0-a');
  const page = visitor.page;
  const me = new Messenger(page);
  const row = me.session('film-dev-0-b');
  await page.goto(new URL('/settings', page.url()).href);
  await visitor.open();
  const back = page.getByRole('link', { name: '返回会话列表' });
  for (let n = 0; n < 2; n += 1) {
    await row.tap();
    await expect(me.log).toBeFocused();
    await back.tap();
    await expect(page).toHaveURL(/:\d+\/$/);
    await expect(row).toBeInViewport();
  }
  await row.tap();
  await expect(me.messages.last()).toBeInViewport();
  const chat = page.url();
  await me.act(me.messages.last(), '删除');
  await expect(me.log).toBeFocused();
  await back.tap();
  await expect(page).toHaveURL(/:\d+\/$/);
  await page.goBack();
  await expect(page).toHaveURL(/\/settings$/);

  // Who came by a link has nowhere to go back to but the list.
  await visitor.open(new URL(chat).pathname);
  await back.tap();
  await expect(row).toBeInViewport();
  await page.goBack();
  await expect(page).toHaveURL(/\/settings$/);
});

test('the emoji panel fits on a low screen, with its search and its emoji', async ({ enter }) => {
  const { page } = await enter('film-dev-0-a', { viewport: { width: 844, height: 340 } });
  const me = new Messenger(page);
  await me.choose('film-dev-0-b');
  await page.getByRole('button', { name: '表情' }).tap();
  const panel = page.getByRole('dialog', { name: '表情' });
  await expect(panel.getByRole('gridcell').first()).toBeInViewport({ ratio: 1 });
  await expect(panel.getByRole('searchbox')).toBeInViewport({ ratio: 1 });
});

for (const width of [390, 320]) {
  test(`nothing is wider than a screen of ${width} pixels, and what one touches is large enough`, async ({ enter }) => {
    const visitor = await enter('film-dev-0-a', { viewport: { width, height: 700 } });
    const page = visitor.page;
    const me = new Messenger(page);
    await fits();
    await me.session('film-dev-0-b').tap();
    await expect(me.log).toBeInViewport();
    await fits();
    await page.getByRole('button', { name: '表情' }).tap();
    await expect(page.getByRole('dialog', { name: '表情' }).getByRole('gridcell').first()).toBeInViewport();
    await fits();
    for (const path of ['/settings', '/devices', '/new']) {
      await page.goto(new URL(path, page.url()).href);
      await fits();
    }

    async function fits(): Promise<void> {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(wide, page.url()).toBeLessThanOrEqual(width);
      const small = await page.evaluate(() => {
        const targets = document.querySelectorAll<HTMLElement>('button, select, .icon-button, .session, .rail-item, textarea, input:not([type=radio], [type=hidden])');
        const shown = [...targets].filter(it => it.checkVisibility() && !it.closest('[role=grid], .emoji-tabs'));
        const tight = shown.filter(it => {
          const { width, height } = (it.closest('label') ?? it).getBoundingClientRect();
          return width < 44 || height < 44;
        });
        return tight.map(it => it.outerHTML.slice(0, 120));
      });
      expect(small, page.url()).toEqual([]);
    }
  });
}
