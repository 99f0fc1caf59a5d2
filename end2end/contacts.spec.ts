import type { Page } from '@playwright/test';
import { Messenger } from './support/messenger.ts';
import { expect, FLOW, test } from './support/test.ts';
import { say } from './support/words.ts';

const ME = 'film-dev-0-a';
const PEER = 'film-dev-0-b';

/** A part of the page of contacts. */
const part = (page: Page, name: string) => page.getByRole('region', { name: say(name), exact: true });

/** Goes to the page of contacts from wherever one is. */
async function look(page: Page): Promise<void> {
  await page.goto(new URL('/contacts', page.url()).href);
}

/** Opens what else can be done about somebody, and does it. */
async function act(page: Page, region: string, name: string, what: string): Promise<void> {
  const person = part(page, region).getByRole('listitem').filter({ hasText: name });
  await person.getByLabel(say('更多：{}', name)).click();
  await person.getByRole('button', { name: `${say(what)}: ${name}` }).click();
}

async function search(page: Page, query: string): Promise<void> {
  await page.getByRole('searchbox').fill(query);
  await page.getByRole('button', { name: say('搜索') }).click();
}

test('whom one meets leads to their card, and there one does what fits', FLOW, async ({ enter, server }) => {
  const { page } = await enter(ME);
  const peer = await server.program(PEER);
  const id = await peer.group('读书会', [await (await server.program(ME)).id()]);
  await peer.send(id, '大家好');
  await new Messenger(page).choose('读书会');
  await page.getByRole('log').getByRole('link', { name: PEER }).click();
  await expect(page.getByRole('heading', { level: 2, name: PEER })).toBeVisible();
  await page.getByRole('button', { name: `${say('关注')}: ${PEER}` }).click();
  await expect(page.getByRole('button', { name: `${say('取消关注')}: ${PEER}` })).toBeVisible();
  await page.getByRole('textbox', { name: say('打个招呼（选填）') }).fill('你好');
  await page.getByRole('button', { name: `${say('加为好友')}: ${PEER}` }).click();
  await expect(page.getByRole('button', { name: `${say('取消申请')}: ${PEER}` })).toBeVisible();
  await look(page);
  await part(page, '联系人').getByRole('link', { name: PEER }).click();
  await page.getByRole('button', { name: `${say('取消申请')}: ${PEER}` }).click();
  await expect(page.getByRole('button', { name: `${say('加为好友')}: ${PEER}` })).toBeVisible();
});

test('friends are asked, accepted and found on the page of contacts', FLOW, async ({ enter }) => {
  const [mine, theirs] = [(await enter(ME)).page, (await enter(PEER)).page];
  await mine.getByRole('link', { name: say('通讯录') }).click();
  await expect(mine.getByRole('heading', { level: 1, name: say('通讯录') })).toBeVisible();
  await search(mine, PEER);
  const found = part(mine, '其他人').getByRole('listitem').filter({ hasText: `@${PEER}` });
  await found.getByLabel(say('更多：{}', PEER)).click();
  await found.getByRole('textbox', { name: say('打个招呼（选填）') }).fill('我们聊过电影');
  await found.getByRole('button', { name: `${say('加为好友')}: ${PEER}` }).click();
  await expect(part(mine, '好友申请')).toContainText(say('等待对方同意'));

  const waiting = say('{} 个好友申请', 1);
  const badge = theirs.getByRole('link', { name: `${say('通讯录')} · ${waiting}` }).and(theirs.locator(':visible'));
  await expect(badge).toContainText('1');
  await badge.click();
  const asked = part(theirs, '好友申请');
  await expect(asked).toContainText('我们聊过电影');
  await asked.getByRole('button', { name: `${say('同意')}: ${ME}` }).click();
  const book = part(theirs, '联系人');
  await expect(book.getByRole('heading', { level: 3 })).toHaveText(['F']);
  await expect(book.getByRole('listitem')).toContainText(say('好友'));
  await theirs.goto(new URL('/', theirs.url()).href);
  await expect(theirs.getByRole('link', { name: say('通讯录'), exact: true }).first()).toBeAttached();
  await expect(theirs.getByRole('link', { name: waiting })).toHaveCount(0);

  await look(mine);
  await act(mine, '联系人', PEER, '拉黑');
  await expect(part(mine, '黑名单')).toContainText(`@${PEER}`);
  await expect(part(mine, '联系人')).toHaveCount(0);
  await act(mine, '黑名单', PEER, '移出黑名单');
  await expect(part(mine, '联系人')).toContainText(`@${PEER}`);
  await act(mine, '联系人', PEER, '删除好友');
  await expect(part(mine, '联系人').or(part(mine, '粉丝')).getByText(say('好友'), { exact: true })).toHaveCount(0);

  const wide = await mine.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  expect(wide, 'nothing stands beyond the edge').toBe(false);
});

test('entering a conversation asks what the two are to each other', async ({ enter, server }) => {
  const peer = await (await server.program(PEER)).id();
  const page = (await enter(ME)).page;
  const asked = page.waitForResponse(answer => answer.url().endsWith(`/api/v1/contacts/${peer}`));
  await page.getByRole('region', { name: '会话列表' }).getByRole('link', { name: PEER }).click();
  expect((await (await asked).json()).user.id).toBe(peer);
});

test('people are found by name, pinyin and initials, and followed or not', FLOW, async ({ enter, server }) => {
  const [zhang, li] = [await server.newcomer('zhang.san', '张三'), await server.newcomer('li.si', '李四')];
  const visitor = await enter(ME);
  const page = visitor.page;
  const me = await server.program(ME);
  for (const one of [zhang, li]) await me.relate('PUT', await one.id(), 'follow');
  await look(page);
  await expect(part(page, '联系人').getByRole('heading', { level: 3 })).toHaveText(['L', 'Z']);
  for (const query of ['张', 'zhang', 'zhangsan', 'zs', 'zhang.san']) {
    await search(page, query);
    await expect(part(page, '联系人').getByRole('listitem')).toHaveCount(1);
    await expect(part(page, '联系人').getByRole('listitem')).toContainText('张三');
  }
  await act(page, '联系人', '张三', '取消关注');
  await look(page);
  await expect(part(page, '联系人').getByRole('listitem')).toHaveCount(1);
  await li.relate('PUT', await me.id(), 'follow');
  await look(page);
  await expect(part(page, '联系人').getByRole('listitem')).toContainText(say('互相关注'));
  await act(page, '联系人', '李四', '取消关注');
  await look(page);
  await expect(part(page, '粉丝').getByRole('listitem')).toContainText(say('关注了你'));
  await part(page, '粉丝').getByRole('button', { name: say('发消息|通讯录'), exact: true }).click();
  await expect(page.getByRole('heading', { level: 2, name: '李四' })).toBeVisible();
});

test('a request is declined, or taken back by who asked', FLOW, async ({ enter, server }) => {
  const zhang = await server.newcomer('zhang.san', '张三');
  const me = await server.program(ME);
  const page = (await enter(ME)).page;
  await zhang.askFriend(await me.id(), '你好');
  await look(page);
  await expect(part(page, '好友申请')).toContainText('你好');
  await part(page, '好友申请').getByRole('button', { name: `${say('拒绝')}: 张三` }).click();
  await expect(part(page, '好友申请')).toHaveCount(0);
  await me.askFriend(await zhang.id(), '认错人了');
  await look(page);
  await expect(part(page, '好友申请')).toContainText('认错人了');
  await part(page, '好友申请').getByRole('button', { name: `${say('取消申请')}: 张三` }).click();
  await expect(part(page, '好友申请')).toHaveCount(0);
});

test('messages of strangers stand in a box of their own until one answers', FLOW, async ({ enter, server }) => {
  const stranger = await server.program('travel-dev-2-a');
  const me = new Messenger((await enter(ME)).page);
  await stranger.send(await stranger.open(await (await server.program(ME)).id()), '你好，打扰了');
  await expect(me.strangers).toContainText(say('{} 条未读消息', 1));
  await expect(me.list.getByText('你好，打扰了')).toHaveCount(0);
  await me.strangers.click();
  await me.choose('travel-dev-2-a');
  await me.send('没事');
  await me.showList();
  await expect(me.strangers).toHaveCount(0);
  await expect(me.session('travel-dev-2-a')).toBeVisible();
});

test('the settings choose from whom one accepts messages', FLOW, async ({ enter, server }) => {
  const page = (await enter(ME)).page;
  await page.goto(`${server.url}/settings`);
  const choice = page.getByRole('group', { name: say('谁可以给我发消息') });
  await choice.getByRole('radio', { name: say('关注我的') }).check();
  await page.getByRole('button', { name: say('保存') }).click();
  await expect(choice.getByRole('radio', { name: say('关注我的') })).toBeChecked();
  await expect(choice.getByRole('radio')).toHaveCount(4);
});

/** R003-03 */
test('a search among contacts finds requests as well, and only those meant', async ({ enter, server }) => {
  const mine = (await enter(ME)).page;
  const someone = await server.newcomer('zhang.san', '张三');
  await someone.askFriend(await (await server.program(ME)).id(), '你好');
  await look(mine);
  await expect(part(mine, '好友申请')).toContainText('张三');
  await search(mine, 'zs');
  await expect(part(mine, '好友申请')).toContainText('张三');
  await search(mine, 'film-dev-1-a');
  await expect(part(mine, '其他人')).toContainText('@film-dev-1-a');
  await expect(part(mine, '好友申请')).toHaveCount(0);
});
