import { Messenger } from './support/messenger.ts';
import { expect, test } from './support/test.ts';

test('Enter that ends a composition does not send, the next one does', async ({ enter }) => {
  const visitor = await enter('music-dev-3-a');
  const me = new Messenger(visitor.page);
  await me.choose('music-dev-3-b');
  // Older messages may come meanwhile; the newest stays the newest.
  const newest = (await me.messages.last().textContent()) ?? '';
  await me.composer.focus();
  const keyboard = await visitor.context.newCDPSession(visitor.page);
  const taken = (type: 'rawKeyDown' | 'keyUp', key: string, code: string) =>
    keyboard.send('Input.dispatchKeyEvent', { type, key, code, windowsVirtualKeyCode: 229 });

  await keyboard.send('Input.imeSetComposition', { text: 'ni hao', selectionStart: 6, selectionEnd: 6 });
  for (const [key, code] of [['Enter', 'Enter'], ['Escape', 'Escape'], ['ArrowUp', 'ArrowUp'], ['Process', 'Enter']] as const) {
    await taken('rawKeyDown', key, code);
    await taken('keyUp', key, code);
  }
  await expect(me.composer).toHaveValue('ni hao');
  await expect(me.messages.last()).toHaveText(newest);

  await keyboard.send('Input.insertText', { text: '你好' });
  await expect(me.composer).toHaveValue('你好');
  await expect(me.messages.last()).toHaveText(newest);
  await visitor.page.keyboard.press('Enter');
  await expect(me.message('你好')).toBeVisible();
  await expect(me.composer).toHaveValue('');
  await expect(me.composer).toBeFocused();
});

test('Shift+Enter breaks the line', async ({ enter }) => {
  const visitor = await enter('music-dev-3-a');
  const me = new Messenger(visitor.page);
  await me.choose('music-dev-3-b');
  await me.composer.pressSequentially('第一行');
  await me.composer.press('Shift+Enter');
  await me.composer.pressSequentially('第二行');
  await expect(me.composer).toHaveValue('第一行\n第二行');
  await me.composer.press('Enter');
  await expect(me.messages.last().locator('.text')).toHaveText('第一行\n第二行', { useInnerText: true });
});

test('a setting makes Ctrl+Enter send and Enter break the line', async ({ enter }) => {
  const visitor = await enter('music-dev-3-a');
  await visitor.page.getByRole('link', { name: '设置' }).click();
  await visitor.page.getByRole('radio', { name: 'Ctrl+Enter 发送' }).check();
  await visitor.page.getByRole('button', { name: '保存' }).click();
  await expect(visitor.page.getByRole('radio', { name: 'Ctrl+Enter 发送' })).toBeChecked();
  await visitor.open();
  const me = new Messenger(visitor.page);
  await me.choose('music-dev-3-b');
  await me.composer.pressSequentially('一');
  await me.composer.press('Enter');
  await me.composer.pressSequentially('二');
  await expect(me.composer).toHaveValue('一\n二');
  await me.composer.press('Control+Enter');
  await expect(me.composer).toHaveValue('');
  await expect(me.messages.last().locator('.text')).toHaveText('一\n二', { useInnerText: true });
});

test('a blank text is not sent, and 2048 characters are the most, counted as Unicode scalars', async ({ enter }) => {
  const visitor = await enter('music-dev-4-a');
  const me = new Messenger(visitor.page);
  await me.choose('music-dev-4-b');
  const newest = (await me.messages.last().textContent()) ?? '';
  await me.composer.fill('  \n ');
  await me.composer.press('Enter');
  await me.composer.fill('🐼'.repeat(2049));
  await expect(visitor.page.getByText('超出 1 字')).toBeVisible();
  await me.composer.press('Enter');
  await expect(me.composer).toHaveValue('🐼'.repeat(2049));
  // Older messages may come meanwhile; the newest stays the newest.
  await expect(me.messages.last()).toHaveText(newest);

  await me.composer.press('Backspace');
  await expect(visitor.page.getByText('还可输入 0 字')).toBeVisible();
  await me.composer.press('Enter');
  await expect(me.mark('🐼'.repeat(2048), '已发送')).toBeVisible();
  await expect(visitor.page.getByText(/还可输入/)).toBeHidden();
});

test('the composer grows with its text up to six lines', async ({ enter }) => {
  const visitor = await enter('music-dev-4-a');
  const me = new Messenger(visitor.page);
  await me.choose('music-dev-4-b');
  const height = async (lines: number) => {
    await me.composer.fill(Array.from({ length: lines }, (_, n) => `${n}`).join('\n'));
    return me.composer.evaluate(field => field.clientHeight);
  };
  const one = await height(1);
  const three = await height(3);
  const six = await height(6);
  expect(three).toBeGreaterThan(one);
  expect(six).toBeGreaterThan(three);
  expect(await height(12)).toBeLessThanOrEqual(six + 2);
});

test('a draft is kept across reloads and shown in the list', async ({ enter }) => {
  const visitor = await enter('kleedrac');
  const me = new Messenger(visitor.page);
  const group = 'ubuntu-2004-12-25.train-c';
  await me.choose(group);
  const path = new URL(visitor.page.url()).pathname;
  await me.composer.fill('明天下午三点可以吗');
  await visitor.open();
  await expect(me.session(group)).toContainText('[草稿]');
  await expect(me.session(group)).toContainText('明天下午三点可以吗');
  await visitor.open(path);
  await expect(me.composer).toHaveValue('明天下午三点可以吗');
  await me.composer.press('Enter');
  await expect(me.mark('明天下午三点可以吗', '已发送')).toBeVisible();
  await visitor.open(path);
  await expect(me.messages.last()).toContainText('明天下午三点可以吗');
  await expect(me.composer).toHaveValue('');
});

test('who was chosen by @ stays named while one looks elsewhere, and when a recalled message is written anew', async ({
  enter,
  server,
}) => {
  const other = await server.program('crimsun');
  const id = await (await server.program('kleedrac')).group('提醒', [await other.id()]);
  const me = new Messenger((await enter('kleedrac')).page);
  const peer = new Messenger((await enter('crimsun')).page);
  await peer.choose('提醒');
  await me.choose('提醒');
  await me.composer.pressSequentially('@crim');
  await expect(me.page.getByRole('option')).toHaveText(['crimsun']);
  await me.composer.press('Enter');
  await me.choose('ubuntu-2004-12-25.train-c');
  await me.choose('提醒');
  await expect(me.composer).toHaveValue('@crimsun ');
  await me.composer.press('End');
  await me.composer.pressSequentially('在吗');
  await me.composer.press('Enter');
  await expect(peer.message('@crimsun 在吗')).toHaveClass(/is-naming/);

  await me.act(me.message('@crimsun 在吗'), '撤回');
  await me.messages.last().getByRole('button', { name: '重新编辑' }).click();
  await expect(me.composer).toHaveValue('@crimsun 在吗');
  await me.composer.press('Enter');
  await expect(peer.message('@crimsun 在吗')).toHaveClass(/is-naming/);
  expect((await other.texts(id)).at(-1)).toBe('@crimsun 在吗');
});

test('what is typed before the page is live is kept', async ({ visit }) => {
  const visitor = await visit();
  let release = () => {};
  const held = new Promise<void>(resolve => (release = resolve));
  await visitor.enter('music-dev-5-a');
  await visitor.page.getByRole('link', { name: 'music-dev-5-b' }).click();
  await expect(visitor.page.getByRole('log')).toBeVisible();
  await visitor.page.route(/\.wasm/, async route => {
    await held;
    await route.continue();
  });
  // What the browser keeps for a start without a network would not be held back.
  await visitor.page.evaluate(async () => {
    for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
    for (const name of await caches.keys()) await caches.delete(name);
  });
  const me = new Messenger(visitor.page);
  await visitor.page.reload({ waitUntil: 'commit' });
  await me.composer.fill('还没加载完');
  await visitor.live(async () => release());
  await expect(me.composer).toHaveValue('还没加载完');
  await me.composer.press('Enter');
  await expect(me.message('还没加载完')).toBeVisible();
});
