import { Messenger } from './support/messenger.ts';
import { expect, test } from './support/test.ts';

test('emoji are loaded when the panel opens, chosen by mouse, and remembered', async ({ enter }) => {
  const visitor = await enter('music-dev-5-a');
  const page = visitor.page;
  const requests: string[] = [];
  page.on('request', request => requests.push(request.url()));
  const me = new Messenger(page);
  await me.choose('music-dev-5-b');
  expect(requests.filter(url => url.includes('emoji'))).toEqual([]);

  await me.composer.fill('真的吗？');
  await page.getByRole('button', { name: '表情' }).click();
  const panel = page.getByRole('dialog', { name: '表情' });
  await panel.getByRole('gridcell', { name: '嘿嘿', exact: true }).click();
  await expect(me.composer).toHaveValue('真的吗？😀');
  await panel.getByRole('button', { name: '动物与自然' }).click();
  await panel.getByRole('gridcell', { name: '熊猫' }).click();
  await expect(me.composer).toHaveValue('真的吗？😀🐼');
  expect(requests.filter(url => url.includes('emoji'))).toHaveLength(1);

  await panel.getByRole('button', { name: '最近使用' }).click();
  await expect(panel.getByRole('gridcell')).toHaveText(['🐼', '😀']);
  await page.getByRole('button', { name: '表情' }).click();
  await expect(panel).toBeHidden();
  await me.composer.press('Enter');
  await expect(me.message('真的吗？😀🐼')).toBeVisible();

  await visitor.open(new URL(page.url()).pathname);
  await page.getByRole('button', { name: '表情' }).click();
  await expect(panel.getByRole('gridcell')).toHaveText(['🐼', '😀']);
});

test('recent emoji stay in place while one chooses, a category ends a search, and Escape closes the panel', async ({
  enter,
}) => {
  const page = (await enter('music-dev-5-a')).page;
  const me = new Messenger(page);
  await me.choose('music-dev-5-b');
  await page.getByRole('button', { name: '表情' }).click();
  const panel = page.getByRole('dialog', { name: '表情' });
  const search = panel.getByRole('searchbox');
  await panel.getByRole('gridcell', { name: '嘿嘿', exact: true }).click();
  await search.fill('熊猫');
  await panel.getByRole('gridcell', { name: '熊猫' }).click();
  await panel.getByRole('button', { name: '最近使用' }).click();
  await expect(search).toHaveValue('');
  await expect(panel.getByRole('gridcell')).toHaveText(['🐼', '😀']);
  for (let n = 0; n < 2; n += 1) await panel.getByRole('gridcell', { name: '嘿嘿', exact: true }).click();
  await expect(me.composer).toHaveValue('😀🐼😀😀');
  await expect(panel.getByRole('gridcell')).toHaveText(['🐼', '😀']);
  await me.composer.press('Escape');
  await expect(panel).toBeHidden();
  await page.getByRole('button', { name: '表情' }).click();
  await expect(panel.getByRole('gridcell')).toHaveText(['😀', '🐼']);
});

test('emoji are chosen by keyboard alone', async ({ enter }) => {
  const visitor = await enter('music-dev-5-a');
  const page = visitor.page;
  const me = new Messenger(page);
  await me.choose('music-dev-5-b');
  await me.composer.focus();
  await page.keyboard.press('Tab');
  await expect(page.locator('#pictures')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.locator('#files')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: '表情' })).toBeFocused();
  await page.keyboard.press('Enter');
  const panel = page.getByRole('dialog', { name: '表情' });
  const search = panel.getByRole('searchbox', { name: '搜索表情' });
  await expect(search).toBeFocused();
  await expect(panel.getByRole('gridcell').first()).toBeVisible();

  // The categories are one stop, and arrow keys lead through them.
  await page.keyboard.press('Tab');
  await expect(panel.getByRole('combobox', { name: '肤色' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(panel.getByRole('button', { name: '笑脸与情感' })).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await expect(panel.getByRole('button', { name: '动物与自然' })).toHaveAttribute('aria-pressed', 'true');
  const cells = panel.getByRole('gridcell');
  await expect(panel.getByRole('gridcell', { name: '熊猫' })).toBeAttached();

  // So is the grid: from the first emoji to the second of the second row, and back home.
  await page.keyboard.press('Tab');
  await expect(cells.first()).toBeFocused();
  await page.keyboard.press('ArrowRight');
  await expect(cells.nth(1)).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(cells.nth(9)).toBeFocused();
  const chosen = await cells.nth(9).textContent();
  await page.keyboard.press('Enter');
  await expect(me.composer).toHaveValue(chosen!);
  await page.keyboard.press('Home');
  await expect(cells.first()).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(cells.first()).not.toBeFocused();
  await expect(cells.nth(1)).not.toBeFocused();

  await search.focus();
  await page.keyboard.press('Escape');
  await expect(panel).toBeHidden();
  await expect(me.composer).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(me.message(chosen!)).toBeVisible();
});

test('emoji are found in Chinese, in pinyin and in English', async ({ enter }) => {
  const visitor = await enter('music-dev-5-a');
  const page = visitor.page;
  const me = new Messenger(page);
  await me.choose('music-dev-5-b');
  await page.getByRole('button', { name: '表情' }).click();
  const panel = page.getByRole('dialog', { name: '表情' });
  const search = panel.getByRole('searchbox');
  for (const query of ['熊猫', 'xiongmao', 'xiong mao', 'Panda']) {
    await search.fill(query);
    await expect(panel.getByRole('gridcell', { name: '熊猫' })).toHaveText('🐼');
    await expect(panel.getByRole('gridcell').first()).toHaveText('🐼');
  }
  await search.fill('没有这种东西');
  await expect(panel.getByText('没有找到表情')).toBeVisible();
  await expect(panel.getByRole('gridcell')).toHaveCount(0);
});

test('a skin tone applies to the hands that take one and is kept', async ({ enter }) => {
  const visitor = await enter('music-dev-5-a');
  const page = visitor.page;
  const me = new Messenger(page);
  await me.choose('music-dev-5-b');
  await page.getByRole('button', { name: '表情' }).click();
  const panel = page.getByRole('dialog', { name: '表情' });
  await panel.getByRole('combobox', { name: '肤色' }).selectOption({ label: '✋🏽' });
  await panel.getByRole('searchbox').fill('挥手');
  await panel.getByRole('gridcell', { name: '挥手' }).first().click();
  await expect(me.composer).toHaveValue('👋🏽');
  await visitor.open(new URL(page.url()).pathname);
  await page.getByRole('button', { name: '表情' }).click();
  await panel.getByRole('searchbox').fill('挥手');
  await expect(panel.getByRole('gridcell', { name: '挥手' }).first()).toHaveText('👋🏽');
});
