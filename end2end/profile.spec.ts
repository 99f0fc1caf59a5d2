import { Messenger } from './support/messenger.ts';
import { isBlue, uploadRightHalf } from './support/picture.ts';
import { expect, FLOW, test } from './support/test.ts';
import { say } from './support/words.ts';

test('a profile is told, and others see what they may', FLOW, async ({ enter, server }) => {
  const one = await enter('travel-dev-1-a');
  const page = one.page;
  await page.goto(`${server.url}/settings`);
  await page.getByRole('link', { name: say('编辑资料') }).click();
  await page.getByLabel(say('昵称')).fill('张三');
  await page.getByLabel(say('简介'), { exact: true }).fill('你好，世界');
  await page.getByLabel(say('生日'), { exact: true }).fill('2000-02-29');
  await page.getByLabel(say('电话'), { exact: true }).fill('+86 138 0013 8000');
  await page.getByLabel(say('性别'), { exact: true }).selectOption({ label: say('女') });
  await page.getByLabel(say('谁可以看到{}', say('性别'))).selectOption({ label: say('好友可见') });
  await expect(page.getByLabel(say('谁可以看到{}', say('生日')))).toHaveValue('nobody');
  await page.getByRole('button', { name: say('保存') }).click();
  await expect(page.getByRole('heading', { level: 2, name: '张三' })).toBeVisible();
  await expect(page.getByText('2000-02-29')).toBeVisible();
  const card = page.url();

  const two = await enter('travel-dev-1-b');
  await expect(new Messenger(two.page).session('张三')).toBeVisible();
  await two.page.goto(card);
  await expect(two.page.getByText('你好，世界')).toBeVisible();
  await expect(two.page.getByText('2000-02-29')).toHaveCount(0);
  await expect(two.page.getByText('+8613800138000')).toHaveCount(0);
  await expect(two.page.getByText(say('女'), { exact: true })).toHaveCount(0);
  const [me, them] = [await server.program('travel-dev-1-a'), await server.program('travel-dev-1-b')];
  await me.relate('PUT', await them.id(), 'friend');
  await them.relate('PUT', await me.id(), 'friend');
  await two.page.reload();
  await expect(two.page.getByText(say('女'), { exact: true })).toBeVisible();
  await expect(two.page.getByText('2000-02-29')).toHaveCount(0);
  await two.page.getByRole('button', { name: say('发消息') }).click();
  await expect(two.page.getByRole('heading', { level: 2, name: '张三' })).toBeVisible();
});

test('a picture is cut with the keyboard, and the other side shows it at once', FLOW, async ({ enter, server }) => {
  const one = await enter('travel-dev-1-a');
  const two = await enter('travel-dev-1-b');
  const page = one.page;
  await page.goto(`${server.url}/settings/profile`);
  await uploadRightHalf(page, 'keyboard');
  const shown = page.getByRole('img', { name: say('{}的头像', 'travel-dev-1-a') }).locator('img');
  await expect(shown).toBeVisible();
  expect(await isBlue(shown), 'the right half').toBe(true);
  await expect(new Messenger(two.page).session('travel-dev-1-a').locator('.avatar img')).toHaveCount(1);

  await page.getByRole('button', { name: say('移除头像') }).click();
  await expect(page.getByRole('button', { name: say('移除头像') })).toHaveCount(0);
  await expect(new Messenger(two.page).session('travel-dev-1-a').locator('.avatar img')).toHaveCount(0);
});

test('a wrong field is named, and nothing that was filled in is lost', async ({ enter, server }) => {
  const visitor = await enter('travel-dev-1-a', { locale: 'en-US' });
  const page = visitor.page;
  visitor.watch.allow(/answer 422|status of 422/);
  await page.goto(`${server.url}/settings/profile`);
  await page.getByLabel('About', { exact: true }).fill('Hello &lt;b&gt; </textarea>');
  await page.getByLabel('Phone', { exact: true }).fill('call me');
  const seen = page.getByLabel('Who sees it: Phone');
  await seen.selectOption({ label: 'Friends' });
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByLabel('Phone', { exact: true })).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('About', { exact: true })).toHaveValue('Hello &lt;b&gt; </textarea>');
  await expect(seen).toHaveValue('friends');
  await page.getByLabel('Phone', { exact: true }).fill('+1 555 0100');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Hello &lt;b&gt; </textarea>')).toBeVisible();
  await page.goto(`${server.url}/settings/profile`);
  await expect(page.getByLabel('About', { exact: true })).toHaveValue('Hello &lt;b&gt; </textarea>');
  await expect(seen).toHaveValue('friends');
});
