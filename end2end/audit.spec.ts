import { Auditor } from './support/auditor.ts';
import { everything } from './support/disk.ts';
import { Messenger } from './support/messenger.ts';
import { halves } from './support/picture.ts';
import { Server } from './support/server.ts';
import { test as base, expect, FLOW } from './support/test.ts';
import { say } from './support/words.ts';

const ME = 'film-dev-0-a';
const PEER = 'film-dev-0-b';

const test = base.extend<{ auditor: Auditor }>({
  auditor: async ({}, use) => {
    const auditor = new Auditor();
    await auditor.start();
    await use(auditor);
    await auditor.stop();
  },

  /** A server that asks the auditor. It may complain of it. */
  server: async ({ imported, auditor }, use) => {
    const folder = await imported.copy();
    const server = new Server(folder, auditor.settings);
    await server.start();
    await use(server);
    await server.stop();
    await folder.remove();
  },
});

test('a text that fails its audit says so, stays where it is with its mark, and reaches nobody', FLOW, async ({
  enter,
  server,
  auditor,
}) => {
  // Twice a message waits until its toast is gone.
  test.slow();
  const peer = await server.program(PEER);
  const conversation = await peer.conversation();
  const before = (await peer.conversations())[0]!;
  const visitor = await enter(ME);
  visitor.watch.allow(/answer 403|status of 403/);
  const me = new Messenger(visitor.page);
  const toast = visitor.page.getByRole('alert').filter({ hasText: say('发送消息涉及敏感内容,请重新输入') });
  const text = '这是敏感的话';
  await me.choose(PEER);
  await me.send(text);
  await expect(toast).toHaveText(say('发送消息涉及敏感内容,请重新输入'));
  await expect(me.mark(text, say('发送失败'))).toBeVisible();
  await expect(me.message(text).getByRole('note')).toHaveCount(0);
  await expect(toast).toHaveCount(0);

  // Trying again asks again.
  await me.message(text).getByRole('button', { name: say('点击重试') }).click();
  await expect(toast).toBeVisible();
  await expect(me.mark(text, say('发送失败'))).toBeVisible();
  expect(auditor.texts).toEqual([text, text]);
  await me.showList();
  await expect(me.session(PEER).getByRole('img', { name: say('发送失败') })).toBeVisible();
  await expect(me.session(PEER)).toContainText(text);

  expect(await peer.texts(conversation)).not.toContain(text);
  expect((await peer.conversations())[0]).toMatchObject({ unread: before.unread, head_seq: before.head_seq });

  await me.choose(PEER);
  await me.message(text).getByRole('button', { name: say('删除这条消息') }).click();
  await expect(me.message(text)).toHaveCount(0);
  await me.send('换一种说法');
  await expect(me.mark('换一种说法', say('已发送'))).toBeVisible();
  expect(await peer.texts(conversation)).toContain('换一种说法');
});

test('a message that the server cannot take now says so once, waits, and is sent by itself', FLOW, async ({
  enter,
  server,
  auditor,
}) => {
  const peer = await server.program(PEER);
  const conversation = await peer.conversation();
  const visitor = await enter(ME);
  visitor.watch.allow(/answer 503|status of 503/);
  const me = new Messenger(visitor.page);
  const toast = visitor.page.getByRole('alert').filter({ hasText: say('服务繁忙,请稍后重试') });
  await me.choose(PEER);
  auditor.fails = true;
  await me.send('请稍等');
  await expect(toast).toHaveText(say('服务繁忙,请稍后重试'));
  await expect(me.mark('请稍等', say('等待网络'))).toBeVisible();
  await expect(toast).toHaveCount(0);
  expect(await peer.texts(conversation)).not.toContain('请稍等');

  const asked = auditor.texts.length;
  await expect.poll(() => auditor.texts.length).toBeGreaterThan(asked);
  await expect(toast).toHaveCount(0);
  auditor.fails = false;
  await expect(me.mark('请稍等', say('已发送'))).toBeVisible({ timeout: 60_000 });
  expect((await peer.texts(conversation)).filter(text => text === '请稍等')).toHaveLength(1);
});

test('what waits and is refused then says so, though the wait was told', async ({ enter, server, auditor }) => {
  const peer = await server.program(PEER);
  const conversation = await peer.conversation();
  const visitor = await enter(ME);
  visitor.watch.allow(/answer (503|403)|status of (503|403)/);
  const me = new Messenger(visitor.page);
  const told = (text: string) => visitor.page.getByRole('alert').filter({ hasText: text });
  await me.choose(PEER);
  auditor.fails = true;
  await me.send('敏感，请稍等');
  await expect(told('服务繁忙,请稍后重试')).toBeVisible();
  await expect(me.mark('敏感，请稍等', '等待网络')).toBeVisible();
  auditor.fails = false;
  await expect(told('发送消息涉及敏感内容,请重新输入')).toBeVisible({ timeout: 60_000 });
  await expect(me.mark('敏感，请稍等', '发送失败')).toBeVisible();
  expect(await peer.texts(conversation)).not.toContain('敏感，请稍等');
});

test('a picture that fails its audit says so, and stays with its sender', FLOW, async ({ enter, server, auditor }) => {
  const peer = await server.program(PEER);
  const before = (await peer.conversations())[0]!;
  const visitor = await enter(ME);
  visitor.watch.allow(/answer 403|status of 403/);
  const me = new Messenger(visitor.page);
  await me.choose(PEER);
  auditor.forbidsPictures = true;
  await visitor.page.locator('#pictures').setInputFiles(await halves(visitor.page));
  const toast = visitor.page.getByRole('alert').filter({ hasText: say('发送消息涉及敏感内容,请重新编辑') });
  await expect(toast).toHaveText(say('发送消息涉及敏感内容,请重新编辑'));
  const failed = me.messages.last();
  await expect(failed.getByRole('img', { name: say('发送失败') })).toBeVisible();
  await visitor.page.reload();
  await expect(failed.getByRole('img', { name: say('发送失败') })).toBeVisible();
  const shown = failed.locator('.photo img');
  await expect.poll(() => shown.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth > 0)).toBe(true);
  expect((await peer.conversations())[0]).toMatchObject({ unread: before.unread, head_seq: before.head_seq });
});

test('a picture that fails its audit later becomes a placeholder that can be reported', FLOW, async ({ enter, auditor }) => {
  const receiver = await enter(PEER);
  receiver.watch.allow(/answer 404|status of 404/);
  const them = new Messenger(receiver.page);
  await them.choose(ME);
  const sender = await enter(ME);
  const me = new Messenger(sender.page);
  await me.choose(PEER);
  auditor.forbidsPictures = true;
  auditor.thinks = 5_000;
  await sender.page.locator('#pictures').setInputFiles(await halves(sender.page));
  const hint = say('注意保护隐私,谨防诈骗,如若对你造成骚扰或威胁到自身安全,请长按消息进行举报');
  await expect(them.messages.last()).toContainText(hint, { timeout: 30_000 });
  await expect(them.messages.last().locator('img')).toHaveCount(0);
  // Its sender sees it as before.
  const own = me.messages.last().locator('img');
  await sender.page.reload();
  await expect.poll(() => own.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth > 0)).toBe(true);
  await expect(me.messages.last()).not.toContainText(hint);

  await them.act(them.messages.last(), say('举报'));
  const dialog = receiver.page.getByRole('dialog');
  await dialog.getByRole('button', { name: say('提交') }).click();
  await expect(receiver.page.getByRole('alert').filter({ hasText: say('已举报') })).toBeVisible();
});

// R001-10, R004-B7.6: what a device keeps is a surface too.
test('a text that an auditor removes is in no database of a browser until it is given back', async ({ enter, server }) => {
  const text = '这句话后来才被移除';
  const sender = new Messenger((await enter(ME)).page);
  const opened = new Messenger((await enter(PEER)).page);
  const listed = new Messenger((await enter(PEER)).page);
  await sender.choose(PEER);
  await opened.choose(ME);
  await sender.send(text);
  const all = [sender, opened, listed];
  await expect(opened.message(text)).toBeVisible();
  for (const me of all) await expect.poll(() => everything(me.page)).toContain(text);
  const peer = await server.program(PEER);
  const conversation = await peer.conversation();
  const seq = Number(await opened.message(text).getAttribute('data-seq'));

  await server.audit('POST', conversation, seq);
  await expect(opened.messages.last()).toContainText('这条消息因涉及敏感内容已被移除');
  await expect(sender.messages.last()).toContainText('你的一条消息因涉及敏感内容已被移除');
  for (const me of all) await expect.poll(() => everything(me.page)).not.toContain(text);
  // It stays so when the page ends and begins.
  for (const me of all) {
    await me.page.reload();
    await expect(me.session(me === sender ? PEER : ME)).toContainText('消息因涉及敏感内容已被移除');
    expect(await everything(me.page)).not.toContain(text);
    expect(await me.page.content()).not.toContain(text);
  }

  await server.audit('DELETE', conversation, seq);
  for (const me of all) await expect.poll(() => everything(me.page)).toContain(text);
});
