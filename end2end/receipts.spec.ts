import { recordMarks } from './support/marks.ts';
import { Messenger } from './support/messenger.ts';
import { expect, FLOW, test } from './support/test.ts';
import { turning } from './support/turn.ts';
import { say } from './support/words.ts';

test('two people write to each other, and both see the same order', FLOW, async ({ enter }) => {
  const a = new Messenger((await enter('film-dev-0-a')).page);
  const b = new Messenger((await enter('film-dev-0-b')).page);
  await a.choose('film-dev-0-b');
  await b.choose('film-dev-0-a');
  for (const [from, to, text] of [
    [a, b, '周末一起去看《乱世佳人》吗？'],
    [b, a, '好啊，几点？🎬'],
    [a, b, '晚上七点，老地方见 👍🏽'],
    [b, a, 'OK, see you there!'],
  ] as const) {
    await from.send(text);
    await expect(to.message(text)).toBeVisible();
  }
  const last = ['周末一起去看《乱世佳人》吗？', '好啊，几点？🎬', '晚上七点，老地方见 👍🏽', 'OK, see you there!'];
  for (const side of [a, b]) {
    await expect(side.messages.locator('.text').last()).toHaveText(last.at(-1)!);
    const texts = await side.messages.locator('.text').allTextContents();
    expect(texts.slice(-4)).toEqual(last);
    const seqs = await side.seqs();
    expect(seqs.slice(-4)).toEqual([29, 30, 31, 32]);
  }
});

test('a mark goes from 发送中 over 已发送 and 已送达 to 已读 and never back', FLOW, async ({ enter, visit, server }) => {
  const text = '看完告诉我你的想法。';
  const sender = await visit();
  await sender.page.addInitScript(recordMarks, text);
  await sender.enter('film-dev-1-a');
  const a = new Messenger(sender.page);
  await a.choose('film-dev-1-b');

  // The answer is held back until the first mark was seen.
  let release = () => {};
  const held = new Promise<void>(resolve => (release = resolve));
  await sender.page.route('**/messages', async route => {
    await held;
    await route.continue();
  });
  await a.send(text);
  await expect(a.mark(text, say('发送中'))).toBeVisible();
  release();
  await expect(a.mark(text, say('已发送'))).toBeVisible();

  const receiver = await enter('film-dev-1-b');
  await expect(a.mark(text, say('已送达'))).toBeVisible();
  const b = new Messenger(receiver.page);
  await b.choose('film-dev-1-a');
  await expect(a.mark(text, say('已读'))).toBeVisible();
  expect(await sender.page.evaluate('marks')).toEqual(['sending', 'sent', 'delivered', 'read']);

  const path = new URL(sender.page.url()).pathname;
  await sender.open(path);
  await expect(a.mark(text, say('已读'))).toBeVisible();
  expect(await sender.page.evaluate('marks')).toEqual(['read']);
  await a.showList();
  await expect(a.session('film-dev-1-b').getByRole('img', { name: say('已读'), exact: true })).toBeVisible();
  expect((await (await server.program('film-dev-1-b')).texts(Number(path.split('/').at(-1)))).at(-1)).toBe(text);
});

test('what lies behind a dialog is not read', async ({ enter }) => {
  const [a, b] = [new Messenger((await enter('film-dev-2-a')).page), new Messenger((await enter('film-dev-2-b')).page)];
  await a.choose('film-dev-2-b');
  await b.choose('film-dev-2-a');
  await a.send('看到了吗？');
  await expect(a.mark('看到了吗？', '已读')).toBeVisible();
  await b.act(b.message('看到了吗？'), '举报');
  await expect(b.page.getByRole('dialog')).toBeVisible();
  await a.send('还有一句');
  await expect(a.mark('还有一句', '已送达')).toBeVisible();
  await expect(b.page).toHaveTitle(/^\(1\) /);
  await b.page.keyboard.press('Escape');
  await expect(a.mark('还有一句', '已读')).toBeVisible();
  await expect(b.page).toHaveTitle(/^film-dev-2-a /);
});

test('a page that nobody looks at reads nothing', async ({ enter, visit }) => {
  const text = '在吗？';
  const a = new Messenger((await enter('film-dev-2-a')).page);
  await a.choose('film-dev-2-b');
  const receiver = await visit();
  await receiver.page.addInitScript(() => {
    (window as any).looking = false;
    document.hasFocus = () => (window as any).looking;
  });
  await receiver.enter('film-dev-2-b');
  const b = new Messenger(receiver.page);
  await b.choose('film-dev-2-a');
  await a.send(text);
  await expect(b.message(text)).toBeVisible();
  await expect(a.mark(text, say('已送达'))).toBeVisible();
  // Opened anew with the message on screen, and still nobody looks.
  await receiver.open(new URL(receiver.page.url()).pathname);
  await expect(b.message(text)).toBeVisible();
  await expect(b.session('film-dev-2-a')).toContainText(say('{} 条未读消息', 1));
  await expect(a.mark(text, say('已送达'))).toBeVisible();

  await receiver.page.evaluate(() => {
    (window as any).looking = true;
    window.dispatchEvent(new Event('focus'));
  });
  await expect(a.mark(text, say('已读'))).toBeVisible();
  await expect(b.session('film-dev-2-a')).not.toContainText(say('未读'));
});

// R000-08, R004-B7.3: the page in front may have the focus while nobody can see it.
test('a page that is hidden reads nothing, whatever has the focus', async ({ enter, visit }) => {
  const a = new Messenger((await enter('film-dev-2-a')).page);
  await a.choose('film-dev-2-b');
  const receiver = await visit();
  const turn = await turning(receiver.page);
  await receiver.enter('film-dev-2-b');
  const b = new Messenger(receiver.page);
  await b.choose('film-dev-2-a');
  await expect(b.messages.last()).toBeInViewport();
  await turn('hidden');
  expect(await receiver.page.evaluate(() => document.hasFocus())).toBe(true);
  await a.send('看得见吗？');
  await expect(b.message('看得见吗？')).toHaveCount(1);
  await expect(b.session('film-dev-2-a')).toContainText(say('{} 条未读消息', 1));
  await expect(a.mark('看得见吗？', say('已送达'))).toBeVisible();
  await turn('visible');
  await expect(a.mark('看得见吗？', say('已读'))).toBeVisible();
  await expect(b.session('film-dev-2-a')).not.toContainText(say('未读'));
});
