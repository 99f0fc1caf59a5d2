import { Messenger } from './support/messenger.ts';
import { expect, test } from './support/test.ts';

test('one sees that the other is there, writes, and goes', async ({ enter }) => {
  const one = new Messenger((await enter('music-dev-3-a')).page);
  const visitor = await enter('music-dev-3-b');
  const other = new Messenger(visitor.page);
  await one.choose('music-dev-3-b');
  const head = one.page.locator('.chat-head');
  await expect(head).toContainText('在线');
  await other.choose('music-dev-3-a');
  await other.composer.pressSequentially('在想怎么说');
  await expect(head).toContainText('正在输入…');
  await expect(one.session('music-dev-3-b')).toContainText('正在输入…');
  // It ends by itself.
  await expect(head).not.toContainText('正在输入…', { timeout: 10_000 });
  await other.composer.pressSequentially('，再想想');
  await expect(head).toContainText('正在输入…');
  await other.composer.press('Enter');
  await expect(one.message('在想怎么说，再想想')).toBeVisible();
  await expect(head).not.toContainText('正在输入…');
  await visitor.page.close();
  await expect(head).toContainText('最后上线');
});

test('who hides when they were last there does not see it of others', async ({ enter, server }) => {
  const visitor = await enter('music-dev-3-b');
  await visitor.page.goto(`${server.url}/settings`);
  const seen = visitor.page.getByRole('group', { name: '在线状态与最后上线时间' });
  await seen.getByRole('radio', { name: '隐藏' }).check();
  await visitor.page.getByRole('button', { name: '保存' }).click();
  await expect(seen.getByRole('radio', { name: '隐藏' })).toBeChecked();
  await visitor.open();
  const one = new Messenger((await enter('music-dev-3-a')).page);
  const other = new Messenger(visitor.page);
  await one.choose('music-dev-3-b');
  await other.choose('music-dev-3-a');
  await other.composer.pressSequentially('还在');
  await expect(one.page.locator('.chat-head')).toContainText('正在输入…');
  for (const me of [one, other]) {
    await expect(me.page.locator('.chat-head')).not.toContainText('在线');
    await expect(me.page.locator('.chat-head')).not.toContainText('最后上线');
  }
});

test('it is told in English on a phone', async ({ enter }) => {
  const phone = { locale: 'en-GB', viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const page = (await enter('music-dev-3-a', phone)).page;
  const other = new Messenger((await enter('music-dev-3-b')).page);
  await page.getByRole('listitem').filter({ hasText: 'music-dev-3-b' }).getByRole('link').click();
  await expect(page.locator('.chat-head')).toContainText('online');
  await other.choose('music-dev-3-a');
  await other.composer.pressSequentially('hello');
  await expect(page.locator('.chat-head')).toContainText('typing…');
});
