import { Messenger } from './support/messenger.ts';
import { expect, FLOW, test } from './support/test.ts';
import { say, titled } from './support/words.ts';

const GROUP = 'ubuntu-2004-12-25.train-c';

test('a badge shows exactly the messages that make it, and each leads to its place', FLOW, async ({ enter, server }) => {
  const visitor = await enter('travel-dev-4-a');
  const page = visitor.page;
  const me = new Messenger(page);
  const peer = await server.program('travel-dev-4-b');
  const conversation = await peer.conversation();
  const texts = Array.from({ length: 30 }, (_, n) => `第 ${n + 1} 条`);
  for (const text of texts) await peer.send(conversation, text);
  const badge = me.session('travel-dev-4-b').getByRole('button', { name: say('查看 {} 条未读消息', 30) });
  await expect(badge).toHaveText('30');

  await badge.click();
  const dialog = page.getByRole('dialog', { name: say('{} 条未读消息', 30) });
  await expect(dialog.locator('.why-text')).toHaveText([...texts].reverse());
  await page.keyboard.press('Escape');
  // Looking into it reads nothing.
  await expect(badge).toHaveText('30');
  await expect(badge).toBeFocused();

  await page.keyboard.press('Enter');
  await dialog.getByRole('link', { name: '第 3 条' }).click();
  await expect(me.message('第 3 条')).toBeInViewport();
  await expect(me.message('第 3 条')).toBeFocused();
  await expect(me.messages.last()).not.toBeInViewport();
});

test('a jump within the open conversation, from the menu of its row', async ({ enter, server }) => {
  const visitor = await enter('kleedrac');
  const me = new Messenger(visitor.page);
  await me.choose(GROUP);
  await expect(me.messages.last()).toBeInViewport();
  await me.log.hover();
  await visitor.page.mouse.wheel(0, -3000);
  await expect(me.messages.last()).not.toBeInViewport();
  const peer = await server.program('crimsun');
  await peer.send(await peer.conversation(), 'kleedrac: ping');
  await me.act(me.session(GROUP), say('查看 {} 条未读消息', 1));
  await visitor.page.getByRole('dialog').getByRole('link', { name: 'kleedrac: ping' }).click();
  await expect(me.message('kleedrac: ping')).toBeInViewport();
  await expect(me.session(GROUP)).not.toContainText(say('未读'));
});

test('more than 99 come in pages, and what was deleted is not among them', async ({ enter, server }) => {
  const visitor = await enter('kleedrac');
  const me = new Messenger(visitor.page);
  const peer = await server.program('wood1');
  const conversation = await peer.conversation();
  const texts = Array.from({ length: 121 }, (_, n) => `line ${n + 1}`);
  for (const text of texts) await peer.send(conversation, text);
  const own = await server.program('kleedrac');
  const [{ head_seq }] = (await own.conversations()) as [{ head_seq: number }];
  await own.hide(conversation, [head_seq - 2]);
  const badge = me.session(GROUP).getByRole('button', { name: say('查看 {} 条未读消息', 120) });
  await expect(badge).toHaveText('99+');
  await badge.click();
  const dialog = visitor.page.getByRole('dialog', { name: say('{} 条未读消息', 120) });
  await expect(dialog.locator('.why-text')).toHaveCount(99);
  await dialog.getByRole('button', { name: '显示更多' }).click();
  const expected = texts.filter(text => text !== 'line 119').reverse();
  await expect(dialog.locator('.why-text')).toHaveText(expected);
  await expect(dialog.getByRole('button', { name: '显示更多' })).toHaveCount(0);
});

// R001-18, T24: a list that is open is a surface too.
test('what is recalled, deleted or removed leaves the open list of what makes a badge', async ({ enter, server }) => {
  const visitor = await enter('travel-dev-4-a');
  const me = new Messenger(visitor.page);
  const sender = new Messenger((await enter('travel-dev-4-b')).page);
  await sender.choose('travel-dev-4-a');
  for (const text of ['说错的', '不想看的', '违规的', '留下的']) await sender.send(text);
  const own = await server.program('travel-dev-4-a');
  const conversation = await own.conversation();
  const seq = async (text: string) => Number(await sender.message(text).getAttribute('data-seq'));
  const list = (n: number) => visitor.page.getByRole('dialog', { name: say('{} 条未读消息', n) }).locator('.why-text');
  await me.session('travel-dev-4-b').getByRole('button', { name: say('查看 {} 条未读消息', 4) }).click();
  await expect(list(4)).toHaveText(['留下的', '违规的', '不想看的', '说错的']);

  await sender.act(sender.message('说错的'), say('撤回'));
  await expect(list(3)).toHaveText(['留下的', '违规的', '不想看的']);
  await own.hide(conversation, [await seq('不想看的')]);
  await expect(list(2)).toHaveText(['留下的', '违规的']);
  const removed = await seq('违规的');
  await server.audit('POST', conversation, removed);
  await expect(list(1)).toHaveText(['留下的']);
  const page = await visitor.page.content();
  for (const text of ['说错的', '不想看的', '违规的']) expect(page).not.toContain(text);

  await server.audit('DELETE', conversation, removed);
  await expect(list(2)).toHaveText(['留下的', '违规的']);
});

test('list, title and icon tell one number', async ({ enter, server }) => {
  const visitor = await enter('travel-dev-5-a');
  const me = new Messenger(visitor.page);
  const icon = () =>
    visitor.page.locator('link[rel=icon]').evaluate(link => decodeURIComponent((link as HTMLLinkElement).href));
  const plain = await icon();
  expect(plain).toContain('/favicon.svg');
  const peer = await server.program('travel-dev-5-b');
  const conversation = await peer.conversation();
  for (let n = 1; n <= 4; n += 1) await peer.send(conversation, `消息 ${n}`);
  await expect(me.session('travel-dev-5-b').getByText(say('{} 条未读消息', 4))).toBeAttached();
  await expect(visitor.page).toHaveTitle(titled(4));
  await expect.poll(icon).toContain('>4</text>');
  await me.act(me.session('travel-dev-5-b'), say('标为已读'));
  await expect(me.session('travel-dev-5-b')).not.toContainText(say('未读'));
  await expect(visitor.page).toHaveTitle(titled(0));
  await expect.poll(icon).toBe(plain);
  await expect.poll(() => server.program('travel-dev-5-a').then(me => me.conversations())).toMatchObject([{ unread: 0 }]);
});

test('everything is read by one request, on all devices', FLOW, async ({ enter, server }) => {
  const visitor = await enter('kleedrac');
  const me = new Messenger(visitor.page);
  const two = new Messenger((await enter('kleedrac')).page);
  const all = me.page.getByRole('button', { name: say('全部已读') });
  await expect(all).toBeDisabled();
  const peer = await server.program('wood1');
  const group = await peer.conversation();
  for (const text of ['one', 'two', 'three']) await peer.send(group, text);
  const friend = await enter('crimsun');
  await friend.page.getByRole('link', { name: say('新会话') }).click();
  await friend.page.getByRole('searchbox', { name: say('输入用户名或昵称') }).fill('kleedrac');
  await friend.page.getByRole('button', { name: 'kleedrac' }).click();
  await new Messenger(friend.page).send('hi');
  for (const side of [me, two]) await expect(side.page).toHaveTitle(titled(4));

  const asked: string[] = [];
  visitor.page.on('request', request => {
    if (request.method() === 'PUT') asked.push(new URL(request.url()).pathname);
  });
  await all.click();
  const dialog = me.page.getByRole('dialog', { name: say('把 {} 个会话都标为已读？', 2) });
  await dialog.getByRole('button', { name: say('取消') }).click();
  await expect(me.page).toHaveTitle(titled(4));
  await all.click();
  await dialog.getByRole('button', { name: say('全部已读') }).click();
  for (const side of [me, two]) {
    await expect(side.page).toHaveTitle(titled(0));
    await expect(side.session(GROUP)).not.toContainText(say('未读'));
    await side.strangers.click();
    await expect(side.session('crimsun')).not.toContainText(say('未读'));
  }
  expect(asked.filter(path => path === '/api/v1/receipts/all')).toHaveLength(1);
});
