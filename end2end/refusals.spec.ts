import { Messenger } from './support/messenger.ts';
import { expect, test } from './support/test.ts';

const ME = 'film-dev-0-a';
const PEER = 'film-dev-0-b';

/** What each refusal says, to the letter (R004-I). */
const CHINESE = {
  followed: ['发送失败,获得对方关注后可发消息', '对方设置隐私权限,无法发送消息'],
  followers: ['发送失败,对方仅接收粉丝消息', '对方仅接收粉丝的消息,是否关注Ta'],
  nobody: ['发送失败,对方暂不接受消息', undefined],
  blocked: ['发送失败,对方暂不接受消息', undefined],
} as const;

const REFUSED = /answer 403|status of 403/;

for (const [what, [toast, notice]] of Object.entries(CHINESE)) {
  test(`a message that is refused says why: ${what}`, async ({ enter, server }) => {
    const peer = await server.program(PEER);
    const visitor = await enter(ME);
    visitor.watch.allow(REFUSED);
    const me = new Messenger(visitor.page);
    await me.choose(PEER);
    // The setting changes while one types (R004-I12).
    await me.composer.fill('在吗？');
    if (what === 'blocked') {
      const program = await server.program(ME);
      await peer.relate('PUT', await program.id(), 'block');
    } else {
      await peer.acceptFrom(what as 'followed');
    }
    await me.composer.press('Enter');
    await expect(visitor.page.getByRole('alert').filter({ hasText: toast })).toHaveText(toast);
    const bubble = me.message('在吗？');
    await expect(me.mark('在吗？', '发送失败')).toBeVisible();
    if (notice === undefined) await expect(bubble.getByRole('note')).toHaveCount(0);
    else await expect(bubble.getByRole('note')).toHaveText(notice);
    await expect(me.session(PEER).getByRole('img', { name: '发送失败' })).toBeVisible();
    await expect(visitor.page.getByRole('alert').filter({ hasText: toast })).toHaveCount(0);

    // It stays so after a reload, and the receiver sees nothing.
    await visitor.stored();
    await visitor.live(() => visitor.page.reload());
    await expect(me.mark('在吗？', '发送失败')).toBeVisible();
    if (notice !== undefined) await expect(bubble.getByRole('note')).toHaveText(notice);
    expect(await peer.texts(await peer.conversation())).not.toContain('在吗？');

    // What holds now decides about the retry.
    await peer.acceptFrom('everyone');
    await peer.relate('DELETE', await (await server.program(ME)).id(), 'block');
    await bubble.getByRole('button', { name: '点击重试' }).click();
    await expect(me.mark('在吗？', '已发送').or(me.mark('在吗？', '已送达')).or(me.mark('在吗？', '已读'))).toBeVisible();
    await expect(bubble.getByRole('note')).toHaveCount(0);
  });
}

test('following from the notice sends the message', async ({ enter, server }) => {
  const peer = await server.program(PEER);
  await peer.acceptFrom('followers');
  const visitor = await enter(ME);
  visitor.watch.allow(REFUSED);
  const me = new Messenger(visitor.page);
  await me.choose(PEER);
  await me.send('能聊聊吗？');
  await me.message('能聊聊吗？').getByRole('button', { name: '关注Ta' }).click();
  await expect(me.mark('能聊聊吗？', '发送失败')).toHaveCount(0);
  await expect(me.message('能聊聊吗？').getByRole('note')).toHaveCount(0);
  await expect(visitor.page.getByText('已关注')).toBeVisible();
  await expect.poll(async () => await peer.texts(await peer.conversation())).toContain('能聊聊吗？');
});

test('refusals are told in English, too, on a narrow screen', async ({ enter, server }) => {
  const peer = await server.program(PEER);
  await peer.acceptFrom('followers');
  const visitor = await enter(ME, { locale: 'en-GB', viewport: { width: 390, height: 844 } });
  visitor.watch.allow(REFUSED);
  const page = visitor.page;
  await page.getByRole('link', { name: PEER }).first().click();
  await page.getByRole('textbox', { name: 'Write a message' }).fill('Hello?');
  await page.getByRole('button', { name: 'Send' }).click();
  const toast = 'Not sent. They only accept messages from followers.';
  await expect(page.getByRole('alert').filter({ hasText: toast })).toHaveText(toast);
  const note = page.getByRole('note');
  await expect(note).toHaveText('They only accept messages from followers. Follow them');
  const follow = note.getByRole('button', { name: 'Follow them' });
  const box = await follow.boundingBox();
  expect(box!.height).toBeGreaterThanOrEqual(44);
  expect(box!.x + box!.width).toBeLessThanOrEqual(390);
});

test('whom one blocks is marked so, and counts for nothing until unblocked', async ({ enter, server }) => {
  const peer = await server.program(PEER);
  const conversation = await peer.conversation();
  const visitor = await enter(ME);
  const me = new Messenger(visitor.page);
  await peer.send(conversation, '一');
  await expect(visitor.page).toHaveTitle(/^\(1\)/);
  await me.act(me.session(PEER), '拉黑');
  await expect(visitor.page).not.toHaveTitle(/^\(/);
  await expect(me.session(PEER)).toContainText('1 条未读消息');
  await me.act(me.session(PEER), '移出黑名单');
  await expect(visitor.page).toHaveTitle(/^\(1\)/);
});
