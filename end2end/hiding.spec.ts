import type { Page } from '@playwright/test';
import { everything } from './support/disk.ts';
import { Messenger } from './support/messenger.ts';
import { withoutSeals } from './support/sealing.ts';
import { expect, FLOW, test, type Visitor } from './support/test.ts';
import { say, titled } from './support/words.ts';

const GROUP = 'ubuntu-2004-12-25.train-c';

test('deleting a read message changes no count, an unread one lowers it, on all devices; the peer keeps both', FLOW, async ({
  enter,
  visit,
  server,
}) => {
  const phone = await visit();
  // Nobody looks at it, so that what it shows stays unread.
  await phone.page.addInitScript(() => (document.hasFocus = () => false));
  await phone.enter('music-dev-3-a');
  const one = new Messenger(phone.page);
  const two = new Messenger((await enter('music-dev-3-a')).page);
  const peer = await server.program('music-dev-3-b');
  const conversation = await peer.conversation();
  for (const text of ['第一条', '第二条', '第三条']) await peer.send(conversation, text);
  await one.choose('music-dev-3-b');
  /** What the window of one device and the list of the other tell. */
  const unread = async (n: number) => {
    await expect(one.page).toHaveTitle(titled(n, 'music-dev-3-b'));
    await expect(two.session('music-dev-3-b').getByText(say('{} 条未读消息', n))).toBeAttached();
  };
  await unread(3);

  // Older ones may come meanwhile, above it.
  await expect(one.message('第一条')).toBeVisible();
  const old = (await one.messages.locator('.text').first().textContent())!;
  await one.act(one.message(old), say('删除'));
  await expect(one.page.getByRole('alert')).toContainText(say('已删除'));
  await expect(one.message(old)).toHaveCount(0);
  await unread(3);

  await one.act(one.message('第二条'), say('删除'));
  await expect(one.message('第二条')).toHaveCount(0);
  await unread(2);
  await expect(two.page).toHaveTitle(titled(2));

  // The newest one: the list shows the one before it.
  await one.act(one.message('第三条'), say('删除'));
  await unread(1);
  await expect(two.session('music-dev-3-b')).toContainText('第一条');
  await expect(two.session('music-dev-3-b')).not.toContainText('第三条');
  await two.choose('music-dev-3-b');
  await expect(two.message('第一条')).toBeInViewport();
  for (const text of ['第二条', '第三条', old]) await expect(two.message(text)).toHaveCount(0);
  await two.showList();
  await expect(two.session('music-dev-3-b')).not.toContainText(say('未读'));
  expect((await peer.texts(conversation)).slice(-3)).toEqual(['第一条', '第二条', '第三条']);
});

test('a deletion can be taken back for five seconds, on all devices', FLOW, async ({ enter }) => {
  const one = new Messenger((await enter('music-dev-4-a')).page);
  const other = await enter('music-dev-4-a');
  const two = new Messenger(other.page);
  for (const side of [one, two]) await side.choose('music-dev-4-b');
  const text = (await one.messages.locator('.text').last().textContent())!;
  await expect(two.message(text)).toBeVisible();
  const before = await two.seqs();
  await one.act(one.message(text), say('删除'));
  for (const side of [one, two]) await expect(side.message(text)).toHaveCount(0);
  await one.page.getByRole('alert').getByRole('button', { name: say('撤销') }).click();
  for (const side of [one, two]) await expect(side.message(text)).toBeVisible();
  await expect(one.page.getByRole('alert')).toBeEmpty();
  expect((await two.seqs()).slice(-before.length)).toEqual(before);
  await other.open(new URL(two.page.url()).pathname);
  await expect(two.message(text)).toBeVisible();
});

test('what is told next takes away nothing that can be taken back', async ({ enter }) => {
  const me = new Messenger((await enter('music-dev-4-a')).page);
  await me.choose('music-dev-4-b');
  const rows = me.messages.locator('.text');
  const [first, second, third] = await Promise.all([-1, -2, -3].map(async n => (await rows.nth(n).textContent())!));
  for (const text of [first!, second!]) {
    await me.act(me.message(text), say('删除'));
    await expect(me.message(text)).toHaveCount(0);
  }
  await me.act(me.message(third!), '复制');
  const undo = me.page.getByRole('alert').getByRole('button', { name: say('撤销') });
  await expect(undo).toHaveCount(2);
  await undo.first().click();
  await expect(me.message(first!)).toBeVisible();
  await expect(me.message(second!)).toHaveCount(0);
  await undo.click();
  await expect(me.message(second!)).toBeVisible();
});

test('several messages are deleted by one request', FLOW, async ({ enter, visit }) => {
  const visitor = await visit();
  await withoutSeals(visitor.context);
  await visitor.enter('music-dev-5-a');
  const me = new Messenger(visitor.page);
  const two = new Messenger((await enter('music-dev-5-a')).page);
  for (const side of [me, two]) await side.choose('music-dev-5-b');
  const asked: string[] = [];
  visitor.page.on('request', request => {
    if (request.method() === 'PUT' && /\/hidden$/.test(request.url())) asked.push(request.postData() ?? '');
  });
  await expect(me.messages.nth(2)).toBeAttached();
  const seqs = (await me.seqs()).slice(-3);
  await me.act(me.messages.last(), say('多选'));
  const bar = me.page.getByRole('group', { name: say('多选') });
  await expect(bar).toContainText(say('已选择 {} 条', 1));
  await expect(me.composer).toBeHidden();
  await me.messages.nth(-2).getByRole('checkbox', { name: say('选择这条消息') }).check();
  await me.messages.nth(-3).click();
  await expect(bar).toContainText(say('已选择 {} 条', 3));
  await bar.getByRole('button', { name: say('删除') }).click();
  await expect(me.page.getByRole('alert')).toContainText(say('已删除 {} 条消息', 3));
  await expect(me.composer).toBeVisible();
  for (const side of [me, two]) {
    await expect.poll(async () => (await side.seqs()).filter(seq => seqs.includes(seq))).toEqual([]);
  }
  expect(asked.map(body => JSON.parse(body))).toEqual([{ seqs, hidden: true }]);

  await me.act(me.messages.last(), say('多选'));
  await me.page.keyboard.press('Escape');
  await expect(bar).toBeHidden();
});

test('a recalled message leaves a tip on every surface, and its sender may write it again', FLOW, async ({
  enter,
  server,
}) => {
  const text = '这句话说错了';
  const sender = await enter('music-dev-6-a');
  const a = new Messenger(sender.page);
  const own = new Messenger((await enter('music-dev-6-a')).page);
  const receiver = await enter('music-dev-6-b');
  const b = new Messenger(receiver.page);
  await a.choose('music-dev-6-b');
  await a.send(text);
  await expect(b.session('music-dev-6-a')).toContainText(say('{} 条未读消息', 1));
  await a.act(a.message(text), say('撤回'));

  await expect(a.messages.last()).toContainText(say('你撤回了一条消息'));
  await a.showList();
  await expect(a.session('music-dev-6-b')).toContainText(say('你撤回了一条消息'));
  await a.choose('music-dev-6-b');
  await expect(own.session('music-dev-6-b')).toContainText(say('你撤回了一条消息'));
  await expect(b.session('music-dev-6-a')).toContainText(say('对方撤回了一条消息'));
  await expect(b.session('music-dev-6-a')).not.toContainText(say('未读'));
  await expect(receiver.page).toHaveTitle(titled(0));
  await own.choose('music-dev-6-b');
  await b.choose('music-dev-6-a');
  await expect(own.messages.last()).toHaveText(say('你撤回了一条消息'));
  await expect(b.messages.last()).toHaveText(say('对方撤回了一条消息'));
  await receiver.open(new URL(receiver.page.url()).pathname);
  await expect(b.messages.last()).toHaveText(say('对方撤回了一条消息'));
  for (const side of [a, b, own]) expect(await side.page.content()).not.toContain(text);
  const program = await server.program('music-dev-6-b');
  const history = await program.texts(await program.conversation());
  expect(history).not.toContain(text);

  await a.composer.fill('刚才');
  await a.messages.last().getByRole('button', { name: say('重新编辑') }).click();
  await expect(a.composer).toHaveValue(`刚才${text}`);
  await expect(a.composer).toBeFocused();
  // One's own old message is beyond recall, and another's was never one's own.
  await a.askAbout(a.message('刚才').or(a.messages.first()).first());
  await expect(a.menu.getByRole('menuitem', { name: say('撤回') })).toHaveCount(0);
});

// R001-18, T24: what was read out, and what a page was made from, are surfaces too.
test('a recalled text is nowhere in a page that showed it as it came, nor in one that was made with it', async ({ enter }) => {
  const text = '这句话已经念出来了';
  const a = new Messenger((await enter('music-dev-6-a')).page);
  const told = new Messenger((await enter('music-dev-6-b')).page);
  const receiver = await enter('music-dev-6-b');
  const made = new Messenger(receiver.page);
  await a.choose('music-dev-6-b');
  await told.choose('music-dev-6-a');
  await a.send(text);
  await expect(told.page.locator('[aria-live=polite]:not([role=status])')).toContainText(text);
  await receiver.open(new URL(told.page.url()).pathname);
  await expect(made.message(text)).toBeVisible();
  await a.act(a.message(text), say('撤回'));
  for (const side of [told, made]) {
    await expect(side.messages.last()).toHaveText(say('对方撤回了一条消息'));
    await expect.poll(() => side.page.content()).not.toContain(text);
  }
});

// R001-18, T24: neither is left by what was opened before.
test('what is recalled is quoted by no report and copied by no menu', async ({ enter }) => {
  const a = new Messenger((await enter('music-dev-6-a')).page);
  const visitor = await enter('music-dev-6-b');
  const b = new Messenger(visitor.page);
  await a.choose('music-dev-6-b');
  await b.choose('music-dev-6-a');
  await a.send('要举报的话');
  await b.act(b.message('要举报的话'), say('举报'));
  const dialog = visitor.page.getByRole('dialog', { name: say('举报消息') });
  await expect(dialog).toContainText('要举报的话');
  await a.act(a.message('要举报的话'), say('撤回'));
  await expect(dialog).toBeHidden();
  await expect.poll(() => visitor.page.content()).not.toContain('要举报的话');

  await visitor.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await visitor.page.evaluate(() => navigator.clipboard.writeText('先前复制的'));
  await a.send('要复制的话');
  await b.askAbout(b.message('要复制的话'));
  await a.act(a.message('要复制的话'), say('撤回'));
  await expect(visitor.page.locator('.message').last()).toHaveText(say('对方撤回了一条消息'));
  await b.menu.getByRole('menuitem', { name: '复制' }).click();
  await expect(b.menu).toBeHidden();
  expect(await visitor.page.evaluate(() => navigator.clipboard.readText())).toBe('先前复制的');
});

// R001-10, T24: what a device keeps is a surface too.
test('a recalled text is in no database of a browser, neither of the other side nor of one of its own', async ({ enter }) => {
  const text = '这句话谁也不该留着';
  const sender = new Messenger((await enter('music-dev-6-a')).page);
  const own = new Messenger((await enter('music-dev-6-a')).page);
  const opened = new Messenger((await enter('music-dev-6-b')).page);
  const listed = new Messenger((await enter('music-dev-6-b')).page);
  await sender.choose('music-dev-6-b');
  await own.choose('music-dev-6-b');
  await opened.choose('music-dev-6-a');
  await sender.send(text);
  await expect(listed.session('music-dev-6-a')).toContainText(text);
  const all = [sender, own, opened, listed];
  for (const me of all) await expect.poll(() => everything(me.page)).toContain(text);
  await sender.act(sender.message(text), say('撤回'));
  for (const me of all) await expect.poll(() => everything(me.page)).not.toContain(text);
  // It stays so when the page ends and begins.
  for (const me of all) {
    await me.page.reload();
    const peer = me === sender || me === own ? 'music-dev-6-b' : 'music-dev-6-a';
    await expect(me.session(peer)).toContainText(say('撤回了一条消息'));
    expect(await everything(me.page)).not.toContain(text);
    expect(await me.page.content()).not.toContain(text);
  }
});

// R001-17: a browser that was away learns it when it comes back.
test('a text deleted for oneself is in no database of any browser of the account', async ({ enter, server }) => {
  const [received, written] = ['收到了又不想要的', '写了又不想要的'] as const;
  const one = new Messenger((await enter('music-dev-5-a')).page);
  const opened = new Messenger((await enter('music-dev-5-a')).page);
  const listed = new Messenger((await enter('music-dev-5-a')).page);
  const gone = await enter('music-dev-5-a');
  const away = new Messenger(gone.page);
  for (const me of [one, opened, away]) await me.choose('music-dev-5-b');
  const peer = await server.program('music-dev-5-b');
  await peer.send(await peer.conversation(), received);
  await expect(one.message(received)).toBeVisible();
  // The list alone shows the newest one only.
  await expect.poll(() => everything(listed.page)).toContain(received);
  await one.send(written);
  for (const me of [one, opened, away]) {
    for (const text of [received, written]) await expect.poll(() => everything(me.page)).toContain(text);
  }
  await expect.poll(() => everything(listed.page)).toContain(written);
  // A page without a script of the messenger's.
  await gone.page.goto(`${server.url}/settings`);

  // The newest one last: the list falls back on none of them.
  for (const text of [received, written]) {
    await one.act(one.message(text), say('删除'));
    await expect(one.message(text)).toHaveCount(0);
  }
  for (const me of [one, opened, listed]) {
    for (const text of [received, written]) await expect.poll(() => everything(me.page)).not.toContain(text);
  }
  for (const text of [received, written]) expect(await everything(gone.page)).toContain(text);
  await gone.open();
  for (const text of [received, written]) await expect.poll(() => everything(gone.page)).not.toContain(text);
  // It stays so when the page ends and begins.
  for (const me of [one, opened, listed, away]) {
    await me.page.reload();
    await expect(me.session('music-dev-5-b')).toBeVisible();
    for (const text of [received, written]) {
      expect(await everything(me.page)).not.toContain(text);
      expect(await me.page.content()).not.toContain(text);
    }
  }
});

test('in a group the tip names who recalled', async ({ enter }) => {
  const one = new Messenger((await enter('kleedrac')).page);
  const two = new Messenger((await enter('crimsun')).page);
  await one.choose(GROUP);
  await two.choose(GROUP);
  await one.send('wrong channel');
  await expect(two.message('wrong channel')).toBeVisible();
  await one.act(one.message('wrong channel'), say('撤回'));
  await expect(two.messages.last()).toHaveText(say('{} 撤回了一条消息', 'kleedrac'));
  await two.showList();
  await expect(two.session(GROUP)).toContainText(say('{} 撤回了一条消息', 'kleedrac'));
  await expect(one.messages.last()).toContainText(say('你撤回了一条消息'));
});

test('who governs a group recalls what a member wrote, and a member does not', async ({ enter, server }) => {
  const [owner, member] = [await server.program('kleedrac'), await server.program('crimsun')];
  const group = await owner.group('lawn', [await member.id()]);
  await owner.send(group, '群主的话');
  await member.send(group, '不该说的话');
  const [one, two] = [new Messenger((await enter('kleedrac')).page), new Messenger((await enter('crimsun')).page)];
  for (const side of [one, two]) await side.choose('lawn');
  await two.askAbout(two.message('群主的话'));
  await expect(two.menu.getByRole('menuitem', { name: say('删除') })).toBeVisible();
  await expect(two.menu.getByRole('menuitem', { name: say('撤回') })).toHaveCount(0);
  await two.page.keyboard.press('Escape');
  await one.act(one.message('不该说的话'), say('撤回'));
  await expect(two.messages.last()).toHaveText(say('{} 撤回了一条消息', 'kleedrac'));
  await expect(one.messages.last()).toHaveText(say('你撤回了一条消息'));
  await expect(one.message('不该说的话')).toHaveCount(0);
});

test('a report hides the message from the reporter alone', FLOW, async ({ server, visit }) => {
  const visitor = await visit();
  await withoutSeals(visitor.context);
  await visitor.enter('travel-dev-1-a');
  const me = new Messenger(visitor.page);
  const peer = await server.program('travel-dev-1-b');
  const conversation = await peer.conversation();
  await peer.send(conversation, '点这个链接领奖');
  await peer.send(conversation, '真的');
  await me.choose('travel-dev-1-b');
  await me.send('不点');
  await me.askAbout(me.message('不点'));
  await expect(me.menu.getByRole('menuitem', { name: say('举报') })).toHaveCount(0);
  await visitor.page.keyboard.press('Escape');

  const reported = visitor.page.waitForRequest(/\/report$/);
  await me.act(me.message('点这个链接领奖'), say('举报'));
  const dialog = visitor.page.getByRole('dialog', { name: say('举报消息') });
  await expect(dialog).toContainText('点这个链接领奖');
  await expect(dialog.getByRole('checkbox', { name: say('同时隐藏') })).toBeChecked();
  await dialog.getByRole('radio', { name: say('欺诈') }).check();
  await dialog.getByRole('textbox', { name: say('补充说明') }).fill('冒充客服');
  await dialog.getByRole('button', { name: say('提交') }).click();
  await expect(visitor.page.getByRole('alert')).toContainText(say('已举报'));
  expect((await reported).postDataJSON()).toEqual({ reason: 'fraud', note: '冒充客服', hide: true });
  await expect(me.message('点这个链接领奖')).toHaveCount(0);

  await me.act(me.message('真的'), say('举报'));
  await dialog.getByRole('checkbox', { name: say('同时隐藏') }).uncheck();
  await dialog.getByRole('button', { name: say('提交') }).click();
  await expect(dialog).toBeHidden();
  await expect(me.message('真的')).toBeVisible();
  expect((await peer.texts(conversation)).slice(-3)).toEqual(['点这个链接领奖', '真的', '不点']);
});

test('menus open by keyboard and by a button, and give the focus back', async ({ enter }) => {
  const visitor = await enter('film-dev-3-a');
  const page = visitor.page;
  const me = new Messenger(page);
  await me.choose('film-dev-3-b');
  await expect(me.messages.last()).toBeInViewport();
  await me.log.focus();
  await page.keyboard.press('ArrowUp');
  await expect(me.messages.last()).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(me.messages.nth(-2)).toBeFocused();
  await page.keyboard.press('Shift+F10');
  await expect(me.menu.getByRole('menuitem', { name: '复制' })).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(me.menu.getByRole('menuitem', { name: say('删除') })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(me.menu).toBeHidden();
  await expect(me.messages.nth(-2)).toBeFocused();

  await visitor.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const text = await me.messages.nth(-2).locator('.text').textContent();
  await page.keyboard.press('ContextMenu');
  await expect(me.menu.getByRole('menuitem', { name: '复制' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toContainText('已复制');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(text);

  await me.messages.last().hover();
  await me.messages.last().getByRole('button', { name: '消息操作' }).click();
  await expect(me.menu).toBeInViewport();
  await page.keyboard.press('Escape');

  await me.session('film-dev-3-b').getByRole('link').focus();
  await page.keyboard.press('Shift+F10');
  await expect(me.menu.getByRole('menuitem').first()).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(me.session('film-dev-3-b').getByRole('link')).toBeFocused();

  await page.keyboard.press('Control+/');
  await expect(page.getByRole('dialog', { name: '快捷键' })).toBeVisible();
});

test.describe('on a telephone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test('a finger held still opens a menu, and what it held does nothing else', async ({ enter }) => {
    const visitor = await enter('film-dev-4-a');
    const me = new Messenger(visitor.page);
    await hold(visitor, me.session('film-dev-4-b'));
    await expect(me.menu.getByRole('menuitem', { name: say('删除会话') })).toBeInViewport();
    await expect(visitor.page).toHaveURL(/\/$/);
    await visitor.page.touchscreen.tap(200, 330);
    await expect(me.menu).toBeHidden();

    await me.session('film-dev-4-b').tap();
    await expect(me.messages.last()).toBeInViewport();
    const text = (await me.messages.last().locator('.text').textContent())!;
    await hold(visitor, me.messages.last());
    await me.menu.getByRole('menuitem', { name: say('删除') }).tap();
    await expect(me.message(text)).toHaveCount(0);
    await visitor.page.getByRole('button', { name: say('撤销') }).tap();
    await expect(me.message(text)).toBeVisible();
  });
});

/** Holds a finger on an element until it has meant something. */
async function hold(visitor: Visitor, element: ReturnType<Page['locator']>): Promise<void> {
  const { x, y, width, height } = (await element.boundingBox())!;
  const session = await visitor.context.newCDPSession(visitor.page);
  const at = { x: x + width / 2, y: y + height / 2 };
  await session.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [at] });
  await expect(visitor.page.getByRole('menu')).toBeVisible();
  await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await session.detach();
}
