import { Messenger } from './support/messenger.ts';
import { expect, test } from './support/test.ts';

/** Opens the conversation with oneself from the dialog. */
async function openNotes(me: Messenger, words = { open: '新会话', notes: '文件助手' }): Promise<void> {
  await me.page.getByRole('link', { name: words.open }).click();
  const dialog = me.page.getByRole('dialog', { name: words.open });
  await dialog.getByRole('button', { name: words.notes }).click();
  await expect(me.page.getByRole('heading', { level: 2, name: words.notes })).toBeVisible();
}

/** What the rows are called, from top to bottom. */
const names = (me: Messenger) => me.sessions.locator('.session-name');

test('notes to oneself have a name of their own and are never unread', async ({ enter }) => {
  const one = new Messenger((await enter('music-dev-3-a')).page);
  const two = new Messenger((await enter('music-dev-3-a')).page);
  await openNotes(one);
  await one.send('记得买牛奶');
  const row = two.session('文件助手');
  await expect(row).toContainText('记得买牛奶');
  await expect(row).not.toContainText('未读');
});

test('a pinned conversation stands first on all devices, and not when it is unpinned', async ({ enter, server }) => {
  const peer = await server.program('music-dev-3-b');
  const one = new Messenger((await enter('music-dev-3-a')).page);
  const two = new Messenger((await enter('music-dev-3-a')).page);
  await openNotes(one);
  await one.send('一');
  await one.choose('music-dev-3-b');
  await one.act(one.session('文件助手'), '置顶');
  for (const me of [one, two]) {
    await expect(me.session('文件助手')).toContainText('已置顶');
    await expect(names(me)).toHaveText(['文件助手', 'music-dev-3-b']);
  }
  await peer.send(await peer.conversation(), '在吗');
  await expect(two.session('music-dev-3-b')).toContainText('在吗');
  await expect(names(two)).toHaveText(['文件助手', 'music-dev-3-b']);
  await one.act(one.session('文件助手'), '取消置顶');
  await expect(names(two)).toHaveText(['music-dev-3-b', '文件助手']);
});

test('what is muted is not in the total', async ({ enter, server }) => {
  const peer = await server.program('music-dev-3-b');
  const visitor = await enter('music-dev-3-a');
  const me = new Messenger(visitor.page);
  await me.act(me.session('music-dev-3-b'), '免打扰 8 小时');
  await expect(me.session('music-dev-3-b')).toContainText('免打扰');
  await peer.send(await peer.conversation(), '在吗');
  await expect(me.session('music-dev-3-b')).toContainText('1 条未读消息');
  await expect(me.session('music-dev-3-b').locator('.badge')).toHaveClass(/is-quiet/);
  await expect(visitor.page).toHaveTitle('私信');
  await me.act(me.session('music-dev-3-b'), '取消免打扰');
  await expect(visitor.page).toHaveTitle('(1) 私信');
});

test('labels are chips that show what has them', async ({ enter }) => {
  const me = new Messenger((await enter('music-dev-3-a')).page);
  await openNotes(me);
  await me.send('一');
  await me.act(me.session('music-dev-3-b'), '标签');
  const dialog = me.page.getByRole('dialog', { name: '标签' });
  const field = dialog.getByRole('textbox');
  await field.fill('长'.repeat(33));
  await dialog.getByRole('button', { name: '保存' }).click();
  await expect(dialog.getByRole('alert')).toHaveText('标签太长或太多');
  await field.fill('客户，音乐');
  await dialog.getByRole('button', { name: '保存' }).click();
  await expect(dialog).toBeHidden();
  const chips = me.page.getByRole('group', { name: '筛选' });
  await chips.getByRole('button', { name: '客户' }).click();
  await expect(names(me)).toHaveText(['music-dev-3-b']);
  await chips.getByRole('button', { name: '全部' }).click();
  await expect(me.sessions).toHaveCount(2);
});

test('what is archived comes back with the next message', async ({ enter, server }) => {
  const peer = await server.program('music-dev-3-b');
  const me = new Messenger((await enter('music-dev-3-a')).page);
  await openNotes(me);
  await me.act(me.session('music-dev-3-b'), '归档');
  await expect(me.session('music-dev-3-b')).toHaveCount(0);
  const chips = me.page.getByRole('group', { name: '筛选' });
  await chips.getByRole('button', { name: '已归档' }).click();
  await expect(names(me)).toHaveText(['music-dev-3-b']);
  await chips.getByRole('button', { name: '全部' }).click();
  await expect(me.session('music-dev-3-b')).toHaveCount(0);
  await peer.send(await peer.conversation(), '在吗');
  await expect(me.session('music-dev-3-b')).toContainText('在吗');
  await expect(chips.getByRole('button', { name: '已归档' })).toHaveCount(0);
});

test('a mark is a dot until the conversation is opened on any device', async ({ enter }) => {
  const one = new Messenger((await enter('music-dev-3-a')).page);
  const two = new Messenger((await enter('music-dev-3-a')).page);
  await one.act(one.session('music-dev-3-b'), '标为未读');
  for (const me of [one, two]) await expect(me.session('music-dev-3-b')).toContainText('已标为未读');
  await expect(two.page).toHaveTitle('私信');
  await two.choose('music-dev-3-b');
  for (const me of [one, two]) await expect(me.session('music-dev-3-b')).not.toContainText('已标为未读');
});

test('a draft is on the other device, and gone there when it is sent', async ({ enter }) => {
  const one = new Messenger((await enter('music-dev-3-a')).page);
  const two = new Messenger((await enter('music-dev-3-a')).page);
  await one.choose('music-dev-3-b');
  await one.composer.fill('还没写完');
  const row = two.session('music-dev-3-b');
  await expect(row).toContainText('[草稿] 还没写完');
  await two.choose('music-dev-3-b');
  await expect(two.composer).toHaveValue('还没写完');
  await one.send('写完了');
  await expect(two.composer).toHaveValue('');
});

test.describe('in English on a phone', () => {
  test.use({ locale: 'en-GB', viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test('the list is arranged from the menu of a row', async ({ enter }) => {
    const me = new Messenger(
      (await enter('music-dev-3-a', { locale: 'en-GB', viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }))
        .page,
    );
    const row = me.page.getByRole('listitem').filter({ hasText: 'music-dev-3-b' });
    await me.act(row, 'Pin');
    await expect(row).toContainText('Pinned');
    await me.act(row, 'Mute for 1 hour');
    await expect(row).toContainText('Muted');
    await me.act(row, 'Archive');
    await expect(row).toHaveCount(0);
    await me.page.getByRole('button', { name: 'Archived' }).click();
    await me.act(row, 'Unarchive');
    await me.page.getByRole('button', { name: 'All', exact: true }).click();
    await expect(row).toBeVisible();
    const size = await me.page.getByRole('button', { name: 'All', exact: true }).boundingBox();
    expect(size?.height).toBeGreaterThanOrEqual(44);
  });
});
