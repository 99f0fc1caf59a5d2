import { glance } from './support/look.ts';
import { recordMarks } from './support/marks.ts';
import { Messenger } from './support/messenger.ts';
import type { Server } from './support/server.ts';
import { expect, FLOW, test } from './support/test.ts';
import { say, titled } from './support/words.ts';

const ME = 'film-dev-0-a';
const PEER = 'film-dev-0-b';

/** What each refusal says, to the letter (R004-I): for a moment, and below the message. */
const REFUSALS = {
  followed: ['发送失败,获得对方关注后可发消息', '对方设置隐私权限,无法发送消息'],
  followers: ['发送失败,对方仅接收粉丝消息', '对方仅接收粉丝的消息,是否关注Ta'],
  nobody: ['发送失败,对方暂不接受消息', undefined],
  blocked: ['发送失败,对方暂不接受消息', undefined],
} as const;

const REFUSED = /answer 403|status of 403/;

/** Lets somebody's messages in, or not. */
async function refuse(server: Server, why: keyof typeof REFUSALS | undefined): Promise<void> {
  const peer = await server.program(PEER);
  const me = await (await server.program(ME)).id();
  await peer.acceptFrom(why === undefined || why === 'blocked' ? 'everyone' : why);
  await peer.relate(why === 'blocked' ? 'PUT' : 'DELETE', me, 'block');
}

test('a message that is refused says why, whatever the reason, and what holds then decides about the retry', FLOW, async ({
  enter,
  server,
}) => {
  // Four times a message waits until its toast is gone.
  test.slow();
  const visitor = await enter(ME);
  visitor.watch.allow(REFUSED);
  const me = new Messenger(visitor.page);
  await me.choose(PEER);
  for (const [why, [toast, notice]] of Object.entries(REFUSALS)) {
    const text = `在吗？${why}`;
    // The setting changes while one types (R004-I12).
    await me.composer.fill(text);
    await refuse(server, why as keyof typeof REFUSALS);
    await me.composer.press('Enter');
    const told = visitor.page.getByRole('alert').filter({ hasText: say(toast) });
    await expect(told).toHaveText(say(toast));
    await expect(me.mark(text, say('发送失败'))).toBeVisible();
    const note = me.message(text).getByRole('note');
    if (notice === undefined) await expect(note).toHaveCount(0);
    else await expect(note).toHaveText(say(notice));
    await expect(told).toHaveCount(0);

    await refuse(server, undefined);
    await me.message(text).getByRole('button', { name: say('点击重试') }).click();
    await expect(me.mark(text, say('已发送'))).toBeVisible();
    await expect(note).toHaveCount(0);
  }
});

for (const [why, [, notice]] of Object.entries(REFUSALS)) {
  test(`a refused message stays as it is after a reload, and reaches nobody: ${why}`, async ({ visit, server }) => {
    await refuse(server, why as keyof typeof REFUSALS);
    const visitor = await visit();
    visitor.watch.allow(REFUSED);
    await visitor.page.addInitScript(recordMarks, '在吗？');
    await visitor.enter(ME);
    const me = new Messenger(visitor.page);
    await me.choose(PEER);
    await me.send('在吗？');
    await expect(me.mark('在吗？', '发送失败')).toBeVisible();
    await expect(me.session(PEER).getByRole('img', { name: '发送失败' })).toBeVisible();
    expect(await visitor.page.evaluate('marks')).toEqual(['sending', 'failed']);
    await visitor.stored();
    await visitor.live(() => visitor.page.reload());
    await expect(me.mark('在吗？', '发送失败')).toBeVisible();
    expect(await visitor.page.evaluate('marks')).toEqual(['failed']);
    const note = me.message('在吗？').getByRole('note');
    if (notice === undefined) await expect(note).toHaveCount(0);
    else await expect(note).toHaveText(notice);
    const peer = await server.program(PEER);
    expect(await peer.texts(await peer.conversation())).not.toContain('在吗？');
  });
}

test('following from the notice sends the message', FLOW, async ({ enter, server }) => {
  const peer = await server.program(PEER);
  await peer.acceptFrom('followers');
  const visitor = await enter(ME);
  visitor.watch.allow(REFUSED);
  const me = new Messenger(visitor.page);
  await me.choose(PEER);
  await me.send('能聊聊吗？');
  const follow = me.message('能聊聊吗？').getByRole('button', { name: say('关注Ta') });
  const box = (await follow.boundingBox())!;
  expect(box.height).toBeGreaterThanOrEqual(me.narrow ? 44 : 24);
  expect(box.x + box.width).toBeLessThanOrEqual(visitor.page.viewportSize()!.width);
  await follow.click();
  await expect(me.mark('能聊聊吗？', say('发送失败'))).toHaveCount(0);
  await expect(me.message('能聊聊吗？').getByRole('note')).toHaveCount(0);
  await expect(visitor.page.locator('.chat-head')).toContainText(say('已关注'));
  await expect.poll(async () => await peer.texts(await peer.conversation())).toContain('能聊聊吗？');
});

test('whom one blocks is marked so, and counts for nothing until unblocked', FLOW, async ({ enter, server }) => {
  const peer = await server.program(PEER);
  const conversation = await peer.conversation();
  const visitor = await enter(ME);
  const me = new Messenger(visitor.page);
  await peer.send(conversation, '一');
  await expect(visitor.page).toHaveTitle(titled(1));
  await me.act(me.session(PEER), say('拉黑'));
  await expect(visitor.page).toHaveTitle(titled(0));
  await expect(me.session(PEER)).toContainText(say('{} 条未读消息', 1));
  await me.act(me.session(PEER), say('移出黑名单'));
  await expect(visitor.page).toHaveTitle(titled(1));
});

test('a removed friend finds out only when a message is refused, and asks again', FLOW, async ({ enter, server }) => {
  const [me, peer] = [await server.program(ME), await server.program(PEER)];
  const [mine, theirs] = [await me.id(), await peer.id()];
  await me.relate('PUT', theirs, 'friend');
  await peer.relate('PUT', mine, 'friend');
  await peer.acceptFrom('followed');
  const visitor = await enter(ME);
  visitor.watch.allow(REFUSED);
  const page = visitor.page;
  const side = new Messenger(page);
  await side.choose(PEER);
  await side.send('周末见');
  await expect(side.mark('周末见', say('已发送'))).toBeVisible();
  await peer.relate('DELETE', mine, 'friend');

  // Nothing tells of it: not the page that is open, not one that is loaded anew.
  const friend = page.getByRole('region', { name: say('联系人'), exact: true }).getByRole('listitem');
  await page.goto(`${server.url}/contacts`);
  await expect(friend).toContainText(`@${PEER} · ${say('好友')}`);
  await visitor.open();
  await expect(side.sessions.first()).toBeVisible();
  await expect(page.getByRole('alert')).toHaveText(['']);
  await side.choose(PEER);
  await expect(side.message('周末见').getByRole('note')).toHaveCount(0);

  const [toast, notice] = REFUSALS.followed;
  await side.send('几点？');
  const told = page.getByRole('alert').filter({ hasText: say(toast) });
  await expect(told).toHaveText(say(toast));
  await expect(side.mark('几点？', say('发送失败'))).toBeVisible();
  await expect(side.message('几点？').getByRole('note')).toHaveText(say(notice));
  await expect(told).toHaveCount(0);
  await glance(page);
  await visitor.stored();

  // Now they know, and can ask to be friends again from there.
  await side.message('几点？').getByRole('link', { name: say('申请加为好友') }).click();
  await page.getByRole('textbox', { name: say('打个招呼（选填）') }).fill('我们聊过电影');
  await page.getByRole('button', { name: `${say('加为好友')}: ${PEER}` }).click();
  await expect(page.getByRole('button', { name: `${say('取消申请')}: ${PEER}` })).toBeVisible();
  await page.goto(`${server.url}/contacts`);
  await expect(friend.filter({ hasText: PEER })).toHaveCount(0);
  await expect(page.getByRole('region', { name: say('好友申请'), exact: true })).toContainText(say('等待对方同意'));
  await glance(page);
  await peer.relate('PUT', mine, 'friend');
  await visitor.open();
  await side.choose(PEER);
  await side.message('几点？').getByRole('button', { name: say('点击重试') }).click();
  await expect(side.mark('几点？', say('已发送'))).toBeVisible();
  expect(await peer.texts(await peer.conversation())).toContain('几点？');
});
