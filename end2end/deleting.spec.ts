import { everything } from './support/disk.ts';
import { glance } from './support/look.ts';
import { Messenger } from './support/messenger.ts';
import { expect, FLOW, test } from './support/test.ts';
import { say, titled } from './support/words.ts';

test('a conversation is deleted on one device, and comes back with the next message', FLOW, async ({ enter, server }) => {
  const peer = await server.program('travel-dev-2-b');
  const conversation = await peer.conversation();
  await peer.send(conversation, '旧消息');
  const phone = await enter('travel-dev-2-a');
  const one = new Messenger(phone.page);
  const two = new Messenger((await enter('travel-dev-2-a')).page);
  const second = await phone.tab();
  await second.open();
  const tab = new Messenger(second.page);
  await expect(one.page).toHaveTitle(titled(1));

  await one.act(one.session('travel-dev-2-b'), say('删除会话'));
  const dialog = one.page.getByRole('dialog', { name: say('删除与“{}”的会话？', 'travel-dev-2-b') });
  await expect(dialog).toContainText(say('只在这台设备上删除'));
  await dialog.getByRole('button', { name: say('取消') }).click();
  await expect(one.session('travel-dev-2-b')).toBeVisible();
  await one.act(one.session('travel-dev-2-b'), say('删除会话'));
  await dialog.getByRole('button', { name: say('删除会话') }).click();
  await expect(one.session('travel-dev-2-b')).toHaveCount(0);
  await expect(one.page).toHaveTitle(titled(0));
  await expect(tab.session('travel-dev-2-b')).toHaveCount(0);
  await expect(tab.page).toHaveTitle(titled(0));
  await expect(two.session('travel-dev-2-b')).toContainText(say('{} 条未读消息', 1));
  await phone.open();
  await expect(one.session('travel-dev-2-b')).toHaveCount(0);
  // A new device begins without it.
  const three = new Messenger((await enter('travel-dev-2-a')).page);
  await expect(three.page.getByText(say('还没有会话'))).toBeVisible();

  await peer.send(conversation, '新消息');
  await expect(one.session('travel-dev-2-b')).toContainText(say('{} 条未读消息', 1));
  await expect(two.session('travel-dev-2-b')).toContainText(say('{} 条未读消息', 2));
  await one.choose('travel-dev-2-b');
  await expect(one.messages).toHaveCount(1);
  await expect(one.messages).toContainText('新消息');
  await two.choose('travel-dev-2-b');
  await expect(two.message('旧消息')).toBeVisible();
});

test('a conversation is deleted on all devices of the account, if one wants that', FLOW, async ({ enter, server }) => {
  const peer = await server.program('travel-dev-2-b');
  const conversation = await peer.conversation();
  await peer.send(conversation, '旧消息');
  const one = new Messenger((await enter('travel-dev-2-a')).page);
  const desk = await enter('travel-dev-2-a');
  const two = new Messenger(desk.page);
  const other = new Messenger((await enter('travel-dev-2-b')).page);
  await two.choose('travel-dev-2-b');
  await expect(two.message('旧消息')).toBeVisible();
  await one.act(one.session('travel-dev-2-b'), say('删除会话'));
  const dialog = one.page.getByRole('dialog', { name: say('删除与“{}”的会话？', 'travel-dev-2-b') });
  await dialog.getByLabel(say('同步删除到所有设备，否则只在这台设备上删除')).check();
  await glance(one.page);
  await dialog.getByRole('button', { name: say('删除会话') }).click();
  for (const side of [one, two]) await expect(side.session('travel-dev-2-b')).toHaveCount(0);
  await expect(two.composer).toHaveCount(0);
  await desk.open();
  await expect(two.page.getByText(say('还没有会话'))).toBeVisible();
  await expect(other.session('travel-dev-2-a')).toBeVisible();
  await peer.send(conversation, '新消息');
  for (const side of [one, two]) {
    await side.choose('travel-dev-2-b');
    await expect(side.messages).toHaveText(/新消息/);
  }
});

// R001-05: what is deleted on a device is not kept there.
test('the texts of a conversation deleted on a device are in no database of its browser, and stay in that of another', async ({
  enter,
  server,
}) => {
  const [received, written] = ['收到的旧话', '写过的旧话'] as const;
  // As any message with a text is kept: those that were there before are of the conversation too.
  const ANY = '"type":"text"';
  const phone = await enter('travel-dev-2-a');
  const one = new Messenger(phone.page);
  const two = new Messenger((await enter('travel-dev-2-a')).page);
  for (const me of [one, two]) await me.choose('travel-dev-2-b');
  const peer = await server.program('travel-dev-2-b');
  const conversation = await peer.conversation();
  await peer.send(conversation, received);
  await expect(one.message(received)).toBeVisible();
  await one.send(written);
  for (const me of [one, two]) {
    for (const text of [received, written, ANY]) await expect.poll(() => everything(me.page)).toContain(text);
  }

  await one.act(one.session('travel-dev-2-b'), say('删除会话'));
  await one.page.getByRole('dialog').getByRole('button', { name: say('删除会话') }).click();
  await expect(one.session('travel-dev-2-b')).toHaveCount(0);
  for (const text of [received, written, ANY]) await expect.poll(() => everything(one.page)).not.toContain(text);
  // It stays so when the page ends and begins, and when the conversation is back.
  await phone.open();
  await expect(one.session('travel-dev-2-b')).toHaveCount(0);
  for (const text of [received, written, ANY]) expect(await everything(one.page)).not.toContain(text);
  await peer.send(conversation, '新消息');
  await one.choose('travel-dev-2-b');
  await expect(one.messages).toHaveCount(1);
  await expect.poll(() => everything(one.page)).toContain('新消息');
  for (const text of [received, written]) {
    expect(await everything(one.page)).not.toContain(text);
    expect(await everything(two.page)).toContain(text);
  }
});

test('a browser whose storage was cleared is a new device: what another device deleted is not there', async ({
  enter,
  server,
}) => {
  const peer = await server.program('travel-dev-2-b');
  const conversation = await peer.conversation();
  await peer.send(conversation, '旧消息');
  const one = new Messenger((await enter('travel-dev-2-a')).page);
  const other = await enter('travel-dev-2-a');
  const two = new Messenger(other.page);
  await expect(two.session('travel-dev-2-b')).toBeVisible();
  await other.stored();
  await one.act(one.session('travel-dev-2-b'), say('删除会话'));
  await one.page.getByRole('dialog').getByRole('button', { name: say('删除会话') }).click();
  await expect(one.session('travel-dev-2-b')).toHaveCount(0);
  await other.open();
  await other.stored();
  await expect(two.session('travel-dev-2-b')).toBeVisible();

  // A page without a script of the messenger's: nothing holds the database.
  await other.page.goto(`${server.url}/settings`);
  await other.page.evaluate(async () => {
    for (const { name } of await indexedDB.databases()) {
      await new Promise<void>((resolve, reject) => {
        const request = indexedDB.deleteDatabase(name!);
        request.onsuccess = () => resolve();
        request.onerror = () => reject(request.error);
      });
    }
  });
  await other.open();
  await expect(two.session('travel-dev-2-b')).toHaveCount(0);
  await other.stored();
  await other.open();
  await expect(two.session('travel-dev-2-b')).toHaveCount(0);
  await peer.send(conversation, '新消息');
  await expect(two.session('travel-dev-2-b')).toContainText(say('{} 条未读消息', 1));
});

test('a conversation in which nothing was written yet can be deleted, on one device', async ({ enter, server }) => {
  const peer = await server.program('music-dev-3-b');
  const first = await enter('travel-dev-3-a');
  const one = new Messenger(first.page);
  await first.page.goto(`${server.url}/u/${await peer.id()}`);
  await first.live(() => first.page.getByRole('button', { name: say('发消息') }).click());
  await expect(one.composer).toBeVisible();
  await expect(one.session('music-dev-3-b')).toBeVisible();
  const second = await enter('travel-dev-3-a');
  const two = new Messenger(second.page);
  await expect(two.session('music-dev-3-b')).toBeVisible();

  await one.act(one.session('music-dev-3-b'), say('删除会话'));
  await one.page.getByRole('dialog').getByRole('button', { name: say('删除会话') }).click();
  await expect(one.session('music-dev-3-b')).toHaveCount(0);
  await first.stored();
  await first.open();
  await expect(one.session('travel-dev-3-b')).toBeVisible();
  await expect(one.session('music-dev-3-b')).toHaveCount(0);
  await second.open();
  await expect(two.session('music-dev-3-b')).toBeVisible();

  const conversation = (await peer.conversations()).find(it => it.head_seq === 0);
  expect(conversation, 'not there for the peer before somebody writes').toBeUndefined();
  await two.choose('music-dev-3-b');
  await two.send('你好');
  await expect(one.session('music-dev-3-b')).toContainText('你好');
});

test('the conversation that is open can be deleted', async ({ enter }) => {
  const me = new Messenger((await enter('travel-dev-3-a')).page);
  await me.choose('travel-dev-3-b');
  await me.act(me.session('travel-dev-3-b'), say('删除会话'));
  await me.page.getByRole('dialog').getByRole('button', { name: say('删除会话') }).click();
  await expect(me.page.getByText(say('选择一个会话开始聊天'))).toBeVisible();
  await expect(me.session('travel-dev-3-b')).toHaveCount(0);
  await expect(me.page).toHaveURL(/\/$/);
});
