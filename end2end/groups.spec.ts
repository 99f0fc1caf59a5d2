import { Messenger } from './support/messenger.ts';
import { expect, test } from './support/test.ts';

const [OWNER, OTHER, THIRD] = ['kleedrac', 'crimsun', 'daniels'] as const;

test('a group is made, renamed, announced in, and its members hear of everything at once', async ({ enter, server }) => {
  const owner = await enter(OWNER);
  const other = await enter(OTHER);
  const [me, peer] = [new Messenger(owner.page), new Messenger(other.page)];
  await owner.page.goto(`${server.url}/new/group`);
  await owner.page.getByRole('searchbox').fill(OTHER);
  await owner.page.getByRole('button', { name: '搜索' }).click();
  await owner.page.getByRole('listitem').filter({ hasText: `@${OTHER}` }).getByRole('button').first().click();
  await expect(owner.page.getByText('已选择 1 人')).toBeVisible();
  await owner.page.getByLabel('群名').fill('读书会');
  await owner.live(() => owner.page.getByRole('button', { name: '创建群聊' }).click());
  await expect(me.page.getByRole('heading', { level: 2, name: '读书会' })).toBeVisible();
  await expect(me.log).toContainText('你 创建了群聊');
  await expect(peer.session('读书会')).not.toContainText('未读');
  await peer.choose('读书会');
  await owner.page.getByRole('link', { name: '群设置' }).click();
  await owner.page.getByLabel('群名').fill('夜读会');
  await owner.page.locator('button[value=rename]').click();
  await expect(peer.page.getByRole('heading', { level: 2, name: '夜读会' })).toBeVisible();
  await owner.page.locator('textarea[name=announcement]').fill('周五晚上八点');
  await owner.page.locator('button[value=announce]').click();
  const announcement = peer.page.getByRole('complementary', { name: '群公告' });
  await expect(announcement).toContainText('周五晚上八点');
  await announcement.getByRole('button', { name: '关闭' }).click();
  await expect(announcement).toBeHidden();
});

test('a mention is completed by keyboard, marks the row, and is highlighted', async ({ enter, server }) => {
  const owner = await enter(OWNER);
  const other = await enter(OTHER);
  const [me, peer] = [new Messenger(owner.page), new Messenger(other.page)];
  const found = await owner.context.request.get(`${server.url}/api/v1/users?query=${OTHER}`);
  const { users } = await found.json();
  const group = { title: '提醒', members: [users[0].id] };
  await owner.context.request.post(`${server.url}/api/v1/conversations`, { data: group, headers: { origin: server.url } });
  await me.choose('提醒');
  await me.composer.pressSequentially('@crim');
  await expect(me.page.getByRole('listbox', { name: '选择要提醒的人' }).getByRole('option')).toHaveText([OTHER]);
  await me.composer.press('Enter');
  await expect(me.composer).toHaveValue('@crimsun ');
  await me.composer.pressSequentially('在吗');
  await me.composer.press('Enter');
  await expect(peer.session('提醒')).toContainText('[有人@你]');
  await peer.choose('提醒');
  await expect(peer.message('@crimsun 在吗')).toHaveClass(/is-naming/);
});

test('one joins by a link once let in, and is gone when removed', async ({ enter, server }) => {
  const owner = await enter(OWNER);
  const other = await enter(THIRD);
  const peer = new Messenger(other.page);
  const found = await owner.context.request.get(`${server.url}/api/v1/users?query=${OTHER}`);
  const { users } = await found.json();
  const group = { title: '邻居', members: [users[0].id] };
  const made = await owner.context.request.post(`${server.url}/api/v1/conversations`, {
    data: group,
    headers: { origin: server.url },
  });
  const { id } = await made.json();
  const settings = `${server.url}/c/${id}/group`;
  await owner.page.goto(settings);
  await owner.page.getByLabel('凭链接申请，由群主或管理员同意').check();
  await owner.page.locator('button[value=rules]').click();
  await owner.page.getByRole('button', { name: '生成链接' }).click();
  const link = await owner.page.getByRole('textbox', { name: '入群链接' }).inputValue();
  await other.page.goto(link);
  await other.page.getByRole('button', { name: '申请加入' }).click();
  await expect(other.page.getByText('已提交申请')).toBeVisible();
  await owner.page.goto(settings);
  await owner.page.getByRole('button', { name: `同意 ${THIRD} 入群` }).click();
  await other.page.goto(link);
  await other.live(() => other.page.getByRole('link', { name: '进入群聊' }).click());
  await expect(peer.page.getByRole('heading', { level: 2, name: '邻居' })).toBeVisible();
  await owner.page.getByLabel(`管理 ${THIRD}`).click();
  await owner.page.getByRole('button', { name: '移出群聊' }).click();
  await expect(peer.session('邻居')).toHaveCount(0);
  await expect(peer.page.getByText('选择一个会话开始聊天')).toBeVisible();
});
