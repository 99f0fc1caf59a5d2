import { Messenger } from './support/messenger.ts';
import { expect, FLOW, test } from './support/test.ts';
import { say, titled } from './support/words.ts';

/** Opens the conversation with oneself from the dialog. */
async function openNotes(me: Messenger): Promise<void> {
  await me.page.getByRole('link', { name: say('新会话') }).click();
  const dialog = me.page.getByRole('dialog', { name: say('新会话') });
  await dialog.getByRole('button', { name: say('文件助手') }).click();
  await expect(me.page.getByRole('heading', { level: 2, name: say('文件助手') })).toBeVisible();
}

/** Opens the conversation with oneself, writes to it, and goes back to the list. */
async function keepNote(me: Messenger, text: string): Promise<void> {
  await openNotes(me);
  await me.send(text);
  await me.showList();
}

/** What the rows are called, from top to bottom. */
const names = (me: Messenger) => me.sessions.locator('.session-name');

test('notes to oneself have a name of their own and are never unread', async ({ enter }) => {
  const one = new Messenger((await enter('music-dev-3-a')).page);
  const two = new Messenger((await enter('music-dev-3-a')).page);
  await openNotes(one);
  await one.send('记得买牛奶');
  await expect(one.mark('记得买牛奶', say('已发送'))).toBeVisible();
  await expect(one.page).toHaveTitle(titled(0, say('文件助手')));
  const row = two.session(say('文件助手'));
  await expect(row).toContainText('记得买牛奶');
  await expect(row).not.toContainText(say('未读'));
});

test('a pinned conversation stands first on all devices, and not when it is unpinned', async ({ enter, server }) => {
  const peer = await server.program('music-dev-3-b');
  const one = new Messenger((await enter('music-dev-3-a')).page);
  const two = new Messenger((await enter('music-dev-3-a')).page);
  await keepNote(one, '一');
  await one.act(one.session(say('文件助手')), say('置顶'));
  for (const me of [one, two]) {
    await expect(me.session(say('文件助手'))).toContainText(say('已置顶'));
    await expect(names(me)).toHaveText([say('文件助手'), 'music-dev-3-b']);
  }
  await peer.send(await peer.conversation(), '在吗');
  await expect(two.session('music-dev-3-b')).toContainText('在吗');
  await expect(names(two)).toHaveText([say('文件助手'), 'music-dev-3-b']);
  await one.act(one.session(say('文件助手')), say('取消置顶'));
  await expect(names(two)).toHaveText(['music-dev-3-b', say('文件助手')]);
});

test('what is muted is not in the total', async ({ enter, server }) => {
  const peer = await server.program('music-dev-3-b');
  const conversation = await peer.conversation();
  const visitor = await enter('music-dev-3-a');
  const me = new Messenger(visitor.page);
  const other = new Messenger((await enter('music-dev-3-a')).page);
  const row = me.session('music-dev-3-b');
  await peer.send(conversation, '在吗');
  await expect(visitor.page).toHaveTitle(titled(1));
  for (const wait of ['免打扰 1 小时', '免打扰 8 小时', '一直免打扰']) {
    await me.act(row, say(wait));
    for (const side of [me, other]) {
      await expect(side.session('music-dev-3-b').getByText(say('免打扰'), { exact: true })).toBeAttached();
      await expect(side.page).toHaveTitle(titled(0));
    }
    await expect(row.locator('.badge')).toHaveClass(/is-quiet/);
    await me.act(row, say('取消免打扰'));
    for (const side of [me, other]) await expect(side.page).toHaveTitle(titled(1));
  }
  await me.act(row, say('一直免打扰'));
  await peer.send(conversation, '还在吗');
  await expect(row).toContainText(say('{} 条未读消息', 2));
  await expect(visitor.page).toHaveTitle(titled(0));
});

test('labels are chips that show what has them', async ({ enter }) => {
  const me = new Messenger((await enter('music-dev-3-a')).page);
  await keepNote(me, '一');
  await me.act(me.session('music-dev-3-b'), say('标签'));
  const dialog = me.page.getByRole('dialog', { name: say('标签') });
  const field = dialog.getByRole('textbox');
  await field.fill('长'.repeat(33));
  await dialog.getByRole('button', { name: say('保存') }).click();
  await expect(dialog.getByRole('alert')).toHaveText(say('标签太长或太多'));
  await field.fill('客户，音乐');
  await dialog.getByRole('button', { name: say('保存') }).click();
  await expect(dialog).toBeHidden();
  const chips = me.page.getByRole('group', { name: say('筛选') });
  await chips.getByRole('button', { name: '客户' }).click();
  await expect(names(me)).toHaveText(['music-dev-3-b']);
  await chips.getByRole('button', { name: say('全部'), exact: true }).click();
  await expect(me.sessions).toHaveCount(2);
});

test('↓ leads from the filter to what it has found, and Tab finds the list whatever is shown', async ({ enter }) => {
  const page = (await enter('music-dev-3-a')).page;
  const me = new Messenger(page);
  await keepNote(me, '一');
  const filter = page.getByRole('searchbox', { name: say('筛选会话') });
  await filter.fill('music-dev-3');
  await expect(names(me)).toHaveText(['music-dev-3-b']);
  await filter.press('ArrowDown');
  await expect(me.session('music-dev-3-b').getByRole('link')).toBeFocused();
  // The row that had the focus is shown no more: another takes its place.
  await filter.fill(say('文件助手'));
  await expect(names(me)).toHaveText([say('文件助手')]);
  await expect(me.list.locator('.session-rows [tabindex="0"]')).toHaveCount(1);
  await filter.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 2, name: say('文件助手') })).toBeVisible();
});

test('what is archived comes back with the next message', async ({ enter, server }) => {
  const peer = await server.program('music-dev-3-b');
  const me = new Messenger((await enter('music-dev-3-a')).page);
  await me.act(me.session('music-dev-3-b'), say('归档'));
  await expect(me.session('music-dev-3-b')).toHaveCount(0);
  const chips = me.page.getByRole('group', { name: say('筛选') });
  await chips.getByRole('button', { name: say('已归档') }).click();
  await expect(names(me)).toHaveText(['music-dev-3-b']);
  await me.act(me.session('music-dev-3-b'), say('取消归档'));
  await chips.getByRole('button', { name: say('全部'), exact: true }).click();
  await me.act(me.session('music-dev-3-b'), say('归档'));
  await expect(me.session('music-dev-3-b')).toHaveCount(0);
  await peer.send(await peer.conversation(), '在吗');
  await expect(me.session('music-dev-3-b')).toContainText('在吗');
  await expect(chips.getByRole('button', { name: say('已归档') })).toHaveCount(0);
});

test('a mark is a dot until the conversation is opened on any device', async ({ enter }) => {
  const one = new Messenger((await enter('music-dev-3-a')).page);
  const two = new Messenger((await enter('music-dev-3-a')).page);
  await one.act(one.session('music-dev-3-b'), say('标为未读'));
  for (const me of [one, two]) await expect(me.session('music-dev-3-b')).toContainText(say('已标为未读'));
  await expect(two.page).toHaveTitle(titled(0));
  await two.choose('music-dev-3-b');
  await two.showList();
  for (const me of [one, two]) await expect(me.session('music-dev-3-b')).not.toContainText(say('已标为未读'));
});

test('a draft is on the other device, and gone there when it is sent', FLOW, async ({ enter }) => {
  const one = new Messenger((await enter('music-dev-3-a')).page);
  const two = new Messenger((await enter('music-dev-3-a')).page);
  await one.choose('music-dev-3-b');
  await one.composer.fill('还没写完');
  const row = two.session('music-dev-3-b');
  await expect(row).toContainText(`${say('[草稿]')} 还没写完`);
  await two.choose('music-dev-3-b');
  await expect(two.composer).toHaveValue('还没写完');
  await one.send('写完了');
  await expect(two.composer).toHaveValue('');
  await two.showList();
  await expect(row).not.toContainText(say('[草稿]'));
});

test('the list is arranged from the menus of its rows, on all devices', FLOW, async ({ enter, server }) => {
  const peer = await server.program('music-dev-3-b');
  const one = new Messenger((await enter('music-dev-3-a')).page);
  const two = new Messenger((await enter('music-dev-3-a')).page);
  const name = 'music-dev-3-b';
  const sign = (me: Messenger, words: string) => me.session(name).getByText(say(words), { exact: true });
  await keepNote(one, '一');
  for (const side of [one, two]) await expect(names(side)).toHaveText([say('文件助手'), name]);
  await one.act(one.session(name), say('置顶'));
  for (const side of [one, two]) {
    await expect(sign(side, '已置顶')).toBeAttached();
    await expect(names(side)).toHaveText([name, say('文件助手')]);
  }

  await one.act(one.session(name), say('标签'));
  const dialog = one.page.getByRole('dialog', { name: say('标签') });
  await dialog.getByRole('textbox').fill('客户，音乐');
  await dialog.getByRole('button', { name: say('保存') }).click();
  const chips = two.page.getByRole('group', { name: say('筛选') });
  await chips.getByRole('button', { name: '客户' }).click();
  await expect(names(two)).toHaveText([name]);
  const all = chips.getByRole('button', { name: say('全部'), exact: true });
  expect((await all.boundingBox())!.height).toBeGreaterThanOrEqual(two.narrow ? 44 : 24);
  await all.click();
  await expect(two.sessions).toHaveCount(2);

  await one.act(one.session(name), say('标为未读'));
  await expect(sign(two, '已标为未读')).toBeAttached();
  await two.act(two.session(name), say('标为已读'));
  await expect(sign(one, '已标为未读')).toHaveCount(0);

  for (const wait of ['免打扰 1 小时', '免打扰 8 小时', '一直免打扰']) {
    await one.act(one.session(name), say(wait));
    for (const side of [one, two]) await expect(sign(side, '免打扰')).toBeAttached();
    await one.act(one.session(name), say('取消免打扰'));
    for (const side of [one, two]) await expect(sign(side, '免打扰')).toHaveCount(0);
  }

  await one.act(one.session(name), say('归档'));
  for (const side of [one, two]) await expect(side.session(name)).toHaveCount(0);
  await chips.getByRole('button', { name: say('已归档') }).click();
  await expect(names(two)).toHaveText([name]);
  await peer.send(await peer.conversation(), '在吗');
  await expect(one.session(name)).toContainText('在吗');
});
