import type { Page } from '@playwright/test';
import { glance } from './support/look.ts';
import { Messenger } from './support/messenger.ts';
import { isBlue, uploadRightHalf } from './support/picture.ts';
import type { Server } from './support/server.ts';
import { expect, FLOW, test, type Visitor } from './support/test.ts';
import { say } from './support/words.ts';

const [OWNER, OTHER, THIRD, FOURTH] = ['kleedrac', 'crimsun', 'daniels', 'wood1'] as const;

/** Makes a group without the browser. Its number. */
async function group(server: Server, title: string, ...members: string[]): Promise<number> {
  const ids = members.map(async handle => (await server.program(handle)).id());
  return (await server.program(OWNER)).group(title, await Promise.all(ids));
}

/** Opens the settings of a group. */
async function settings(visitor: Visitor, id: number): Promise<void> {
  await visitor.page.goto(new URL(`/c/${id}/group`, visitor.page.url()).href);
}

/** Does something about a member in a group's settings. */
async function manage(page: Page, name: string, what: string): Promise<void> {
  await page.getByLabel(say('管理 {}', name)).click();
  await member(page, name).getByRole('button', { name: say(what), exact: true }).click();
}

const member = (page: Page, name: string) => page.getByRole('listitem').filter({ hasText: `@${name}` });

/** What a member is beside a member. */
const badges = (page: Page, name: string) => member(page, name).locator('.badge');

test('a group is made, renamed, announced in, and its members hear of everything at once', FLOW, async ({
  enter,
  server,
}) => {
  const owner = await enter(OWNER);
  const other = await enter(OTHER);
  const [me, peer] = [new Messenger(owner.page), new Messenger(other.page)];
  await owner.page.goto(`${server.url}/new/group`);
  await owner.page.getByRole('searchbox').fill(OTHER);
  await owner.page.getByRole('button', { name: say('搜索') }).click();
  await member(owner.page, OTHER).getByRole('button').first().click();
  await expect(owner.page.getByText(say('已选择 {} 人', 1))).toBeVisible();
  await owner.page.getByLabel(say('群名')).fill('读书会');
  await owner.live(() => owner.page.getByRole('button', { name: say('创建群聊') }).click());
  await expect(me.page.getByRole('heading', { level: 2, name: '读书会' })).toBeVisible();
  await expect(me.log).toContainText(say('你 创建了群聊，邀请了 {}', OTHER));
  await expect(peer.session('读书会')).not.toContainText(say('未读'));
  await peer.choose('读书会');
  await expect(peer.log).toContainText(say('{} 创建了群聊，邀请了 {}', OWNER, say('你|被动')));
  await owner.page.getByRole('link', { name: say('群设置') }).click();
  await owner.page.getByLabel(say('群名')).fill('夜读会');
  await owner.page.locator('button[value=rename]').click();
  await expect(peer.page.getByRole('heading', { level: 2, name: '夜读会' })).toBeVisible();
  await expect(peer.log).toContainText(say('{} 将群名改为“{}”', OWNER, '夜读会'));
  await owner.page.locator('textarea[name=announcement]').fill('周五晚上八点');
  await owner.page.getByRole('checkbox', { name: say('同时 @所有人') }).check();
  await owner.page.locator('button[value=announce]').click();
  await expect(peer.log).toContainText(say('{} 更新了群公告', OWNER));
  await expect(peer.log.locator('.is-naming')).toContainText(say('@所有人 {}', '周五晚上八点'));
  const announcement = peer.page.getByRole('complementary', { name: say('群公告') });
  await expect(announcement).toContainText('周五晚上八点');
  // It stands above the conversation, which keeps its width.
  const [notice, log, box] = await Promise.all([announcement, peer.log, peer.composer].map(it => it.boundingBox()));
  expect(notice!.y + notice!.height).toBeLessThanOrEqual(log!.y + 1);
  expect(notice!.width).toBe(log!.width);
  expect(box!.width).toBeGreaterThan(log!.width / 2);
  await announcement.getByRole('button', { name: say('关闭') }).click();
  await expect(announcement).toBeHidden();
});

test('adding a person to a direct chat makes a group, and the chat stays', FLOW, async ({ enter }) => {
  const owner = await enter('film-dev-0-a');
  const me = new Messenger(owner.page);
  const third = new Messenger((await enter('film-dev-1-a')).page);
  await me.choose('film-dev-0-b');
  await owner.page.getByRole('link', { name: say('添加成员，新建群聊') }).click();
  await expect(owner.page.getByText(say('已选择 {} 人', 1))).toBeVisible();
  await owner.page.getByRole('searchbox').fill('film-dev-1-a');
  await owner.page.getByRole('button', { name: say('搜索') }).click();
  await member(owner.page, 'film-dev-1-a').getByRole('button').first().click();
  await expect(owner.page.getByText(say('已选择 {} 人', 2))).toBeVisible();
  await owner.page.getByLabel(say('群名')).fill('三个人');
  await owner.live(() => owner.page.getByRole('button', { name: say('创建群聊') }).click());
  await expect(owner.page.locator('.chat-head')).toContainText(say('{} 位成员', 3));
  await me.send('大家好');
  await third.choose('三个人');
  // Nothing of the direct chat is in it.
  await expect(third.messages.last()).toContainText('大家好');
  await expect(third.messages).toHaveCount(2);
  await me.showList();
  await expect(me.session('film-dev-0-b')).toBeVisible();
});

test('a mention is completed by keyboard, marks the row, and is highlighted, though the group is muted', FLOW, async ({
  enter,
  server,
}) => {
  await group(server, '提醒', OTHER);
  const [me, peer] = [new Messenger((await enter(OWNER)).page), new Messenger((await enter(OTHER)).page)];
  await peer.act(peer.session('提醒'), say('一直免打扰'));
  await me.choose('提醒');
  await me.send('随便说说');
  await expect(peer.session('提醒')).toContainText(say('{} 条未读消息', 1));
  await expect(peer.session('提醒')).not.toContainText(say('[有人@你]'));
  await me.composer.pressSequentially('@crim');
  await expect(me.page.getByRole('listbox', { name: say('选择要提醒的人') }).getByRole('option')).toHaveText([OTHER]);
  await me.composer.press('Enter');
  await expect(me.composer).toHaveValue('@crimsun ');
  await me.composer.pressSequentially('在吗');
  await me.composer.press('Enter');
  await expect(peer.session('提醒')).toContainText(say('[有人@你]'));
  // The badge of what is muted counts what names one, and shows exactly that.
  const badge = peer.session('提醒').getByRole('button', { name: say('查看 {} 条提到你的未读消息', 1) });
  await expect(badge).toHaveText('1');
  await badge.click();
  const dialog = peer.page.getByRole('dialog', { name: say('{} 条提到你的未读消息', 1) });
  await expect(dialog.locator('.why-text')).toHaveText(['@crimsun 在吗']);
  await glance(peer.page);
  await peer.page.keyboard.press('Escape');
  await peer.choose('提醒');
  await expect(peer.message('@crimsun 在吗')).toHaveClass(/is-naming/);
  await peer.showList();
  await expect(peer.session('提醒')).not.toContainText(say('[有人@你]'));
});

test('those who govern name everybody, and who muted the group sees the mark', FLOW, async ({ enter, server }) => {
  await group(server, '全体', OTHER, THIRD);
  const [me, peer] = [new Messenger((await enter(OWNER)).page), new Messenger((await enter(OTHER)).page)];
  const everybody = say('所有人|提醒');
  const offered = (side: Messenger) =>
    side.page.getByRole('listbox', { name: say('选择要提醒的人') }).getByRole('option');
  await peer.act(peer.session('全体'), say('一直免打扰'));
  await expect(peer.session('全体').getByText(say('免打扰'), { exact: true })).toBeAttached();
  await me.choose('全体');
  await me.composer.pressSequentially(`@${everybody.slice(0, 2)}`);
  await expect(offered(me)).toHaveText([everybody]);
  await me.composer.press('Enter');
  await expect(me.composer).toHaveValue(`@${everybody} `);
  await me.composer.pressSequentially('周五开会');
  await me.composer.press('Enter');
  const said = `@${everybody} 周五开会`;
  await expect(peer.session('全体')).toContainText(say('[有人@你]'));
  await expect(peer.session('全体')).toContainText(said);
  await expect(peer.session('全体')).toContainText(say('{} 条未读消息', 1));
  await glance(peer.page);
  await peer.choose('全体');
  await expect(peer.message(said)).toHaveClass(/is-naming/);
  // A member is offered the others, and not everybody.
  await peer.composer.pressSequentially('@');
  await expect(offered(peer)).toHaveCount(2);
  await expect(offered(peer).filter({ hasText: everybody })).toHaveCount(0);
  await peer.composer.fill('');
  await peer.showList();
  await expect(peer.session('全体')).not.toContainText(say('[有人@你]'));
});

test('one joins by a link once let in, and is gone when removed', FLOW, async ({ enter, server }) => {
  const id = await group(server, '邻居', OTHER);
  const owner = await enter(OWNER);
  const other = await enter(THIRD);
  const [me, peer] = [new Messenger(owner.page), new Messenger(other.page)];
  // What one has just read may be reported when one has been removed.
  other.watch.allow(/receipts/);
  await me.choose('邻居');
  await me.send('进群之前说的');
  await expect(me.mark('进群之前说的', say('已发送'))).toBeVisible();
  await settings(owner, id);
  await owner.page.getByLabel(say('凭链接申请，由群主或管理员同意')).check();
  await owner.page.getByLabel(say('不可见'), { exact: true }).check();
  await owner.page.locator('button[value=rules]').click();
  await expect(owner.page.getByLabel(say('不可见'), { exact: true })).toBeChecked();
  await owner.page.getByRole('button', { name: say('生成链接') }).click();
  const link = await owner.page.getByRole('textbox', { name: say('入群链接') }).inputValue();
  await other.page.goto(link);
  await other.page.getByRole('button', { name: say('申请加入') }).click();
  await expect(other.page.getByText(say('已提交申请'))).toBeVisible();
  await settings(owner, id);
  await owner.page.getByRole('button', { name: say('同意 {} 入群', THIRD) }).click();
  await expect(member(owner.page, THIRD)).toBeVisible();
  await other.page.goto(link);
  await other.live(() => other.page.getByRole('link', { name: say('进入群聊') }).click());
  await expect(peer.page.getByRole('heading', { level: 2, name: '邻居' })).toBeVisible();
  // Newcomers see what is written from now on.
  await (await server.program(OTHER)).send(id, '欢迎');
  await expect(peer.message('欢迎')).toBeVisible();
  await expect(peer.message('进群之前说的')).toHaveCount(0);
  await manage(owner.page, THIRD, '移出群聊');
  await expect(peer.page.getByRole('alert')).toContainText(say('你已被移出群聊'));
  await expect(peer.page.getByRole('note')).toHaveText(say('你已被移出群聊'));
  await expect(peer.composer).toBeHidden();
  await expect(peer.log).toContainText(say('{} 加入了群聊', say('你')));
  await peer.showList();
  await expect(peer.session('邻居')).toHaveCount(0);
});

test('members are invited, and given roles, mutes and nicknames, and everybody sees what changed', FLOW, async ({
  enter,
  server,
}) => {
  const id = await group(server, '值班', OTHER);
  const owner = await enter(OWNER);
  const other = await enter(OTHER);
  const peer = new Messenger(other.page);
  await peer.choose('值班');
  const page = owner.page;
  await settings(owner, id);
  await page.getByRole('link', { name: say('邀请成员') }).click();
  await page.getByRole('searchbox').fill(THIRD);
  await page.getByRole('button', { name: say('搜索') }).click();
  await member(page, THIRD).getByRole('button').first().click();
  await page.getByRole('button', { name: say('邀请入群'), exact: true }).click();
  await expect(peer.log).toContainText(say('{} 邀请 {} 加入了群聊', OWNER, THIRD));
  await settings(owner, id);
  await expect(member(page, THIRD)).toBeVisible();
  await manage(page, OTHER, '设为管理员');
  await expect(badges(page, OTHER)).toHaveText(say('管理员'));
  await expect(peer.log).toContainText(say('{} 将 {} 设为管理员', OWNER, say('你|被动')));
  await manage(page, OTHER, '取消管理员');
  await expect(badges(page, OTHER)).toHaveCount(0);
  await manage(page, OTHER, '禁言 1 小时');
  await expect(badges(page, OTHER)).toHaveText(say('禁言中'));
  await expect(peer.log).toContainText(say('{} 将 {} 禁言', OWNER, say('你|被动')));
  await expect(peer.composer).toBeHidden();
  const [until] = say('你已被禁言，{} 后可以发言', '|').split('|') as [string];
  await expect(other.page.getByRole('note')).toContainText(until);
  await manage(page, OTHER, '解除禁言');
  await expect(badges(page, OTHER)).toHaveCount(0);
  await peer.send('我又能说话了');
  await expect(peer.mark('我又能说话了', say('已发送'))).toBeVisible();

  await page.getByRole('button', { name: say('全员禁言'), exact: true }).click();
  await expect(peer.log).toContainText(say('{} 开启了全员禁言', OWNER));
  await page.getByRole('button', { name: say('解除全员禁言') }).click();
  await expect(peer.log).toContainText(say('{} 解除了全员禁言', OWNER));
  await page.getByLabel(say('我在本群的昵称')).fill('值班员');
  await page.locator('button[value=nickname]').click();
  await expect(member(page, OWNER)).toContainText('值班员');
});

test('a group gets a picture, which its members see at once, and loses it', FLOW, async ({ enter, server }) => {
  const id = await group(server, '画室', OTHER);
  const owner = await enter(OWNER);
  const other = await enter(OTHER);
  const third = await enter(THIRD);
  const peer = new Messenger(other.page);
  const page = owner.page;
  await expect(peer.session('画室').locator('.avatar img')).toHaveCount(0);
  await settings(owner, id);
  await page.getByRole('button', { name: say('生成链接') }).click();
  const link = await page.getByRole('textbox', { name: say('入群链接') }).inputValue();
  await uploadRightHalf(page, 'pointer');
  const own = page.getByRole('img', { name: say('{}的头像', '画室') }).locator('img');
  expect(await isBlue(own), 'the right half').toBe(true);

  // The other was there all the time.
  expect(await isBlue(peer.session('画室').locator('.avatar img'))).toBe(true);
  await expect(peer.session('画室')).toContainText(say('{} 更换了群头像', OWNER));
  await expect(peer.session('画室')).not.toContainText(say('未读'));
  await peer.choose('画室');
  const head = other.page.locator('.chat-head .avatar img');
  expect(await isBlue(head)).toBe(true);
  await expect(peer.log).toContainText(say('{} 更换了群头像', OWNER));
  await third.page.goto(link);
  expect(await isBlue(third.page.getByRole('img', { name: say('{}的头像', '画室') }).locator('img'))).toBe(true);

  await page.getByRole('button', { name: say('移除头像') }).click();
  await expect(page.getByRole('button', { name: say('移除头像') })).toHaveCount(0);
  await expect(head).toHaveCount(0);
  await expect(peer.log).toContainText(say('{} 移除了群头像', OWNER));
  await settings(other, id);
  await expect(other.page.getByRole('img', { name: say('{}的头像', '画室') })).toBeVisible();
  await expect(other.page.getByLabel(say('头像'), { exact: true })).toHaveCount(0);
});

test('a group is handed over, left and dissolved', FLOW, async ({ enter, server }) => {
  const id = await group(server, '临时', OTHER, THIRD);
  const owner = await enter(OWNER);
  const other = await enter(OTHER);
  const [me, peer] = [new Messenger(owner.page), new Messenger(other.page)];
  const last = await enter(THIRD);
  const third = new Messenger(last.page);
  // What one has just read may be reported when the group is gone.
  for (const visitor of [owner, other, last]) visitor.watch.allow(/receipts/);
  await third.choose('临时');
  await settings(owner, id);
  await manage(owner.page, OTHER, '转让群主');
  await expect(badges(owner.page, OTHER)).toHaveText(say('群主'));
  await expect(third.log).toContainText(say('{} 将群主转让给了 {}', OWNER, OTHER));
  await owner.page.locator('summary', { hasText: say('退出群聊') }).click();
  await owner.live(() => owner.page.locator('button[value=leave]').click());
  await expect(me.list).toBeVisible();
  await expect(me.session('临时')).toHaveCount(0);
  await expect(third.log).toContainText(say('{} 退出了群聊', OWNER));
  await settings(other, id);
  await other.page.locator('summary', { hasText: say('解散群聊') }).click();
  await other.live(() => other.page.locator('button[value=dissolve]').click());
  await expect(peer.session('临时')).toHaveCount(0);
  await expect(third.composer).toBeHidden();
  await third.showList();
  await expect(third.session('临时')).toHaveCount(0);
});

test('while everybody is muted only those who govern write', FLOW, async ({ enter, server }) => {
  const id = await group(server, '安静', OTHER, THIRD);
  const owner = await enter(OWNER);
  const other = await enter(OTHER);
  const peer = new Messenger(other.page);
  await peer.choose('安静');
  await peer.composer.fill('我想说一句');
  await settings(owner, id);
  await manage(owner.page, THIRD, '设为管理员');
  await expect(badges(owner.page, THIRD)).toHaveText(say('管理员'));
  await owner.page.getByRole('button', { name: say('全员禁言'), exact: true }).click();
  await expect(peer.log).toContainText(say('{} 开启了全员禁言', OWNER));
  await glance(owner.page);

  // What stands in the composer waits.
  await expect(peer.composer).toBeHidden();
  await expect(other.page.getByRole('note')).toHaveText(say('全员禁言中，仅群主和管理员可以发言'));
  await other.page.reload();
  await expect(peer.composer).toBeHidden();
  await glance(other.page);
  for (const handle of [OWNER, THIRD]) {
    await (await server.program(handle)).send(id, `${handle} 说`);
    await expect(peer.message(`${handle} 说`)).toBeVisible();
  }
  const member = await server.program(OTHER);
  expect(await member.texts(id)).not.toContain('我想说一句');

  await owner.page.getByRole('button', { name: say('解除全员禁言') }).click();
  await expect(peer.log).toContainText(say('{} 解除了全员禁言', OWNER));
  await expect(peer.composer).toHaveValue('我想说一句');
  await peer.composer.press('Enter');
  await expect(peer.mark('我想说一句', say('已发送'))).toBeVisible();
  expect(await member.texts(id)).toContain('我想说一句');
});

test('who leaves a group is out of it on all devices, and the others are told', FLOW, async ({ enter, server }) => {
  const id = await group(server, '书友', OTHER, THIRD);
  const leaving = await enter(OTHER);
  const [here, there] = [new Messenger(leaving.page), new Messenger((await enter(OTHER)).page)];
  const third = new Messenger((await enter(THIRD)).page);
  await there.choose('书友');
  await third.choose('书友');
  await expect(third.page.locator('.chat-head')).toContainText(say('{} 位成员', 3));
  await settings(leaving, id);
  const leave = leaving.page.locator('button[value=leave]');
  // It asks first.
  await expect(leave).toBeHidden();
  await leaving.page.locator('summary', { hasText: say('退出群聊') }).click();
  await glance(leaving.page);
  await leaving.live(() => leave.click());
  await expect(here.list).toBeVisible();
  await expect(here.session('书友')).toHaveCount(0);
  // Their other device closes it without a word: they know.
  await expect(there.composer).toHaveCount(0);
  await expect(there.page).toHaveURL(/:\d+\/$/);
  await expect(there.page.getByRole('alert')).toHaveText(['']);
  await expect(there.list).toBeVisible();
  await expect(there.session('书友')).toHaveCount(0);
  await expect(third.log).toContainText(say('{} 退出了群聊', OTHER));
  await expect(third.page.locator('.chat-head')).toContainText(say('{} 位成员', 2));
  // What is written afterwards does not bring it back.
  await third.send('人少了');
  await expect(third.mark('人少了', say('已发送'))).toBeVisible();
  await leaving.live(() => leaving.page.reload());
  await expect(here.sessions.first()).toBeVisible();
  await expect(here.session('书友')).toHaveCount(0);
});

test('whoever looks at a group that is dissolved is told so, and it is gone', FLOW, async ({ enter, server }) => {
  const id = await group(server, '旧社', OTHER, THIRD);
  const owner = await enter(OWNER);
  const [looking, away] = [new Messenger((await enter(OTHER)).page), new Messenger((await enter(THIRD)).page)];
  await looking.choose('旧社');
  await expect(away.session('旧社')).toBeVisible();
  await settings(owner, id);
  await owner.page.locator('summary', { hasText: say('解散群聊') }).click();
  await owner.live(() => owner.page.locator('button[value=dissolve]').click());
  const told = looking.page.getByRole('alert').filter({ hasText: say('群聊已被群主解散') });
  await expect(told).toBeVisible();
  await expect(looking.page.getByRole('note')).toHaveText(say('群聊已被群主解散'));
  await expect(looking.composer).toBeHidden();
  await expect(looking.page).toHaveURL(/:\d+\/$/);
  await expect(told).toHaveCount(0);
  await glance(looking.page);
  await looking.showList();
  for (const side of [looking, away]) await expect(side.session('旧社')).toHaveCount(0);
});

test('a nickname shows in bubbles, the list and mentions, at once', FLOW, async ({ enter, server }) => {
  const id = await group(server, '昵称', OTHER);
  await (await server.program(OTHER)).send(id, 'before');
  const owner = await enter(OWNER);
  const other = await enter(OTHER);
  const me = new Messenger(owner.page);
  await me.choose('昵称');
  await expect(me.message('before')).toContainText(OTHER);
  await settings(other, id);
  await other.page.getByLabel(say('我在本群的昵称')).fill('小乙');
  await other.page.locator('button[value=nickname]').click();
  await expect(me.message('before')).toContainText('小乙');
  await me.composer.pressSequentially('@小');
  await expect(me.page.getByRole('listbox', { name: say('选择要提醒的人') }).getByRole('option')).toHaveText(['小乙']);
  await me.composer.fill('');
  await owner.live(() => me.page.reload());
  await expect(me.message('before')).toContainText('小乙');
  await me.showList();
  await expect(me.session('昵称')).toContainText(say('{}：{}', '小乙', 'before'));
});

test('who waits is seen in the chat, and let in from there', FLOW, async ({ enter, server }) => {
  const id = await group(server, '门铃', OTHER);
  const program = await server.program(OWNER);
  await program.admit(id, 'approval');
  const link = await program.link(id);
  const owner = await enter(OWNER);
  const other = await enter(THIRD);
  const me = new Messenger(owner.page);
  await me.choose('门铃');
  await other.page.goto(`${server.url}/join/${link}`);
  await other.page.getByRole('button', { name: say('申请加入') }).click();
  const waiting = me.page.getByRole('link', { name: say('{} 人申请入群', 1) });
  await waiting.click();
  const panel = me.page.getByRole('dialog');
  await panel.getByRole('button', { name: say('同意 {} 入群', THIRD) }).click();
  await expect(panel.getByText(say('没有人等待入群'))).toBeVisible();
  await panel.getByRole('button', { name: say('关闭') }).click();
  await expect(waiting).toHaveCount(0);
  await expect(me.log).toContainText(say('{} 加入了群聊', THIRD));
});

test('a newcomer sees nothing earlier until the group lets newcomers see it', FLOW, async ({ enter, server }) => {
  const id = await group(server, '旧事', OTHER);
  const program = await server.program(OWNER);
  await program.admit(id, 'free');
  await program.send(id, '进群之前说的');
  const link = `${server.url}/join/${await program.link(id)}`;
  const join = async (handle: string) => {
    const visitor = await enter(handle);
    await visitor.page.goto(link);
    await visitor.page.getByRole('button', { name: say('加入群聊') }).click();
    await visitor.live(() => visitor.page.getByRole('link', { name: say('进入群聊') }).click());
    const me = new Messenger(visitor.page);
    await expect(me.log).toContainText(say('{} 加入了群聊', say('你')));
    return { visitor, me };
  };
  const first = await join(THIRD);
  await program.send(id, '欢迎');
  await expect(first.me.message('欢迎')).toBeVisible();
  await expect(first.me.message('进群之前说的')).toHaveCount(0);

  const owner = await enter(OWNER);
  await settings(owner, id);
  const page = owner.page;
  await expect(page.getByLabel(say('不可见'), { exact: true })).toBeChecked();
  await page.getByLabel(say('全部'), { exact: true }).check();
  await page.locator('button[value=rules]').click();
  await expect(page.getByLabel(say('不可见'), { exact: true })).not.toBeChecked();
  await settings(owner, id);
  await expect(page.getByLabel(say('全部'), { exact: true })).toBeChecked();

  const next = await join(FOURTH);
  await expect(next.me.message('进群之前说的')).toBeVisible();
  await expect(next.me.message('欢迎')).toBeVisible();
  // Who came before sees what they saw, also of a page that is loaded anew.
  await first.visitor.live(() => first.visitor.page.reload());
  await expect(first.me.message('欢迎')).toBeVisible();
  await expect(first.me.message('进群之前说的')).toHaveCount(0);
});

/** R002-17 */
test('a refused change of a group says why and keeps what was filled in', async ({ enter, server }) => {
  const visitor = await enter(OWNER);
  visitor.watch.allow(/answer 422|status of 422/);
  const page = visitor.page;
  const id = await group(server, '读书会', OTHER);
  await settings(visitor, id);
  for (const [label, value, button] of [
    ['群名', '长'.repeat(65), 'rename'],
    ['群公告', '长'.repeat(1001), 'announce'],
    ['我在本群的昵称', '长'.repeat(65), 'nickname'],
  ] as const) {
    const field = page.getByRole('textbox', { name: label });
    await field.fill(value);
    await page.locator(`button[value=${button}]`).click();
    await expect(page.locator('.is-wrong')).toHaveCount(1);
    await expect(page.locator('.is-wrong').getByRole('textbox', { name: label })).toHaveValue(value);
  }
});
