import { expect, test } from './support/test.ts';

const ME = 'film-dev-0-a';
const PEER = 'film-dev-0-b';

for (const width of [1280, 390]) {
  test(`friends are asked, accepted and found on the page of contacts, ${width} px wide`, async ({ enter }) => {
    const viewport = { width, height: 844 };
    const [mine, theirs] = [(await enter(ME, { viewport })).page, (await enter(PEER, { viewport })).page];
    await mine.getByRole('link', { name: '通讯录' }).first().click();
    await expect(mine.getByRole('heading', { level: 1, name: '通讯录' })).toBeVisible();
    await mine.getByRole('searchbox').fill(PEER);
    await mine.getByRole('button', { name: '搜索' }).click();
    const found = mine.getByRole('region', { name: '其他人' }).getByRole('listitem').filter({ hasText: `@${PEER}` });
    await found.getByLabel(`更多：${PEER}`).click();
    await found.getByRole('textbox', { name: '打个招呼（选填）' }).fill('我们聊过电影');
    await found.getByRole('button', { name: `加为好友: ${PEER}` }).click();

    await theirs.goto(new URL('/contacts', theirs.url()).href);
    const asked = theirs.getByRole('region', { name: '好友申请' });
    await expect(asked).toContainText('我们聊过电影');
    await asked.getByRole('button', { name: `同意: ${ME}` }).click();
    const book = theirs.getByRole('region', { name: '联系人', exact: true });
    await expect(book.getByRole('heading', { level: 3 })).toHaveText(['F']);
    await expect(book.getByRole('listitem')).toContainText('好友');

    await mine.goto(new URL('/contacts', mine.url()).href);
    const friend = mine.getByRole('region', { name: '联系人', exact: true }).getByRole('listitem');
    await friend.getByLabel(`更多：${PEER}`).click();
    await friend.getByRole('button', { name: `拉黑: ${PEER}` }).click();
    await expect(mine.getByRole('region', { name: '黑名单' })).toContainText(`@${PEER}`);
    await expect(mine.getByRole('region', { name: '联系人', exact: true })).toHaveCount(0);

    const wide = await mine.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    expect(wide, 'nothing stands beyond the edge').toBe(false);
  });
}

test('messages of strangers stand in a box of their own until one answers', async ({ enter, server }) => {
  const stranger = await server.program('travel-dev-2-a');
  const me = await server.program(ME);
  const visitor = await enter(ME);
  const page = visitor.page;
  await stranger.send(await stranger.open(await me.id()), '你好，打扰了');
  const box = page.getByRole('link', { name: '陌生人消息' });
  await expect(box).toContainText('1 条未读消息');
  const list = page.getByRole('region', { name: '会话列表' });
  await expect(list.getByText('你好，打扰了')).toHaveCount(0);
  await box.click();
  await list.getByRole('link', { name: 'travel-dev-2-a' }).click();
  await page.getByRole('textbox', { name: '输入消息' }).fill('没事');
  await page.getByRole('textbox', { name: '输入消息' }).press('Enter');
  await expect(box).toHaveCount(0);
  await expect(list.getByRole('link', { name: 'travel-dev-2-a' })).toBeVisible();
});

test('the settings choose from whom one accepts messages, in English', async ({ enter }) => {
  const visitor = await enter(ME, { locale: 'en-GB' });
  const page = visitor.page;
  await page.goto(new URL('/settings', page.url()).href);
  const choice = page.getByRole('group', { name: 'Who can message me' });
  await choice.getByRole('radio', { name: 'My followers' }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(choice.getByRole('radio', { name: 'My followers' })).toBeChecked();
  await expect(choice.getByRole('radio')).toHaveCount(4);
});
