import { age, Disk, kept, known } from './support/disk.ts';
import { Messenger } from './support/messenger.ts';
import type { Server } from './support/server.ts';
import { expect, test } from './support/test.ts';
import { say } from './support/words.ts';

const DAY = 24 * 60 * 60 * 1_000;

// R004-G2: a token on the disk without what it says is known would be a hole for good.
test('a write that fails leaves no hole: nothing later is written before it ends, and the next page begins from nothing', async ({
  server,
  visit,
}) => {
  const visitor = await visit();
  const disk = await Disk.of(visitor.page);
  await visitor.enter('film-dev-0-a');
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-0-b');
  await expect(me.messages.last()).toBeVisible();
  await visitor.stored();
  expect(await known(visitor.page)).toContain('film-dev-0-b');

  await holdOne(server, disk, me, 'film-dev-0-b');
  // The page may end: what has come since is to be written as soon as can be.
  const begun = await disk.begun();
  await visitor.page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide')));
  expect(await disk.begun()).toBe(begun);
  await disk.release('failed');
  await expect.poll(() => disk.refused()).toBe(1);
  await expect.poll(() => known(visitor.page)).toBe('');

  await visitor.live(() => visitor.page.reload());
  for (const text of ['写到一半的', '后来的']) {
    await expect(me.message(text)).toHaveCount(1);
    await expect.poll(() => known(visitor.page)).toContain(text);
  }
});

// R004-G2: the page may end before a timer rings.
test('what is to be written when the page is hidden follows at once what is being written', async ({ server, visit }) => {
  const visitor = await visit();
  const disk = await Disk.of(visitor.page);
  await visitor.enter('film-dev-3-a');
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-3-b');
  await visitor.stored();
  await holdOne(server, disk, me, 'film-dev-3-b');
  await visitor.page.evaluate(() => {
    dispatchEvent(new PageTransitionEvent('pagehide'));
    // From here on no timer rings.
    Object.assign(window, { setTimeout: () => 0 });
  });
  await disk.release('done');
  await expect.poll(() => known(visitor.page)).toContain('后来的');
});

// R004-A5: giving up on what is new takes nothing back of what was kept before.
test('on a full disk what was kept is still sent or given up: a message given up stays away, and a kept file goes out', async ({
  server,
  visit,
}) => {
  const visitor = await visit();
  visitor.watch.allowOutage();
  const page = visitor.page;
  const disk = await Disk.of(page);
  await visitor.enter('film-dev-1-a');
  const me = new Messenger(page);
  const file = me.messages.filter({ has: page.locator('.file-name', { hasText: '合同.txt' }) });
  await me.choose('film-dev-1-b');
  await visitor.stored();
  await server.kill();
  await me.send('不发了');
  await page.locator('#files').setInputFiles({ name: '合同.txt', mimeType: 'text/plain', buffer: Buffer.from('one') });
  await expect(file).toHaveCount(1);
  await visitor.stored();
  await age(page, DAY + 60_000);
  await page.reload();
  await expect(me.message('不发了')).toBeVisible();
  await server.start();
  const giveUp = me.message('不发了').getByRole('button', { name: say('放弃') });
  await expect(giveUp).toBeVisible();
  const send = file.getByRole('button', { name: '仍要发送' });
  await expect(send).toBeVisible();
  await visitor.stored();

  await disk.fill();
  const peer = await server.program('film-dev-1-b');
  const conversation = await peer.conversation();
  await peer.send(conversation, '放不下的');
  await expect.poll(() => disk.refused()).toBeGreaterThan(0);
  await expect.poll(() => known(page)).toBe('');
  await giveUp.click();
  await expect(me.message('不发了')).toHaveCount(0);
  await send.click();
  await expect(file.getByRole('img', { name: say('已发送'), exact: true })).toBeVisible();
  await expect.poll(async () => (await kept(page)).outbox).toEqual([]);
  await expect.poll(async () => (await kept(page)).pictures).toEqual([]);

  await visitor.live(() => page.reload());
  await expect(file).toHaveCount(1);
  await expect(me.message('不发了')).toHaveCount(0);
  await me.send('最后一条');
  await expect(me.mark('最后一条', say('已发送'))).toBeVisible();
  expect(await peer.texts(conversation)).not.toContain('不发了');
});

// R001-06: what a person emptied is empty.
test('on a full disk an emptied draft does not come back', async ({ server, visit }) => {
  const visitor = await visit();
  const page = visitor.page;
  const disk = await Disk.of(page);
  // Nobody tells the server of drafts, so that the device is the only one to know.
  await page.route('**/preferences', () => undefined);
  await visitor.enter('film-dev-2-a');
  const me = new Messenger(page);
  await me.choose('film-dev-2-b');
  await me.composer.fill('写了一半');
  await expect.poll(async () => (await kept(page)).drafts!.join()).toContain('写了一半');
  await visitor.stored();

  await disk.fill();
  const peer = await server.program('film-dev-2-b');
  await peer.send(await peer.conversation(), '放不下的');
  await expect(me.message('放不下的')).toBeVisible();
  await expect.poll(() => disk.refused()).toBeGreaterThan(0);
  await expect.poll(() => known(page)).toBe('');
  await me.composer.fill('');
  await expect.poll(async () => (await kept(page)).drafts!.join()).not.toContain('写了一半');
  await visitor.live(() => page.reload());
  await expect(me.message('放不下的')).toBeVisible();
  await expect(me.composer).toHaveValue('');
});

// R001-05, R004-H5: only clearing the storage makes a new device.
test('a full disk makes no new device: what another device deleted stays here', async ({ enter, server, visit }) => {
  const visitor = await visit();
  const disk = await Disk.of(visitor.page);
  await visitor.enter('film-dev-2-a');
  const me = new Messenger(visitor.page);
  await expect(me.session('film-dev-2-b')).toBeVisible();
  await visitor.stored();
  const other = new Messenger((await enter('film-dev-2-a')).page);
  await other.act(other.session('film-dev-2-b'), say('删除会话'));
  await other.page.getByRole('dialog').getByRole('button', { name: say('删除会话') }).click();
  await expect(other.session('film-dev-2-b')).toHaveCount(0);

  await disk.fill();
  await me.choose('film-dev-2-b');
  await me.composer.fill('放不下的');
  await me.composer.press('Enter');
  await expect(me.mark('放不下的', say('已发送'))).toBeVisible();
  await expect.poll(() => disk.refused()).toBeGreaterThan(0);
  await expect.poll(() => known(visitor.page)).toBe('');
  await visitor.live(() => visitor.page.reload());
  await expect(me.messages.first()).toBeVisible();
  expect(await me.messages.count()).toBeGreaterThan(1);
});

/** The peer writes twice: what comes first is being written to the disk and held, what follows waits for that. */
async function holdOne(server: Server, disk: Disk, me: Messenger, peer: string): Promise<void> {
  const program = await server.program(peer);
  const conversation = await program.conversation();
  await disk.holdNext();
  await program.send(conversation, '写到一半的');
  await expect.poll(() => disk.held()).toBe(true);
  await program.send(conversation, '后来的');
  await expect(me.message('后来的')).toBeVisible();
}
