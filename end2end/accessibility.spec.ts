import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { look } from './support/look.ts';
import { Messenger } from './support/messenger.ts';
import { PASSWORD, type Server, WORKSPACE } from './support/server.ts';
import { expect, test, type Visitor } from './support/test.ts';

const [ME, PEER] = ['kleedrac', 'crimsun'];
const GROUP = 'ubuntu-2004-12-25.train-c';

interface Stage {
  server: Server;
  visit: () => Promise<Visitor>;
  enter: (handle: string) => Promise<Visitor>;
}

/** Every page of the router, with what shows its states. */
const PAGES: Record<string, (stage: Stage) => Promise<void>> = {
  '/': async ({ server, enter }) => {
    await server.newcomer('nobody', '新来的');
    const fresh = (await enter('nobody')).page;
    await look(fresh);

    const page = (await enter(ME)).page;
    const me = new Messenger(page);
    await greet(server, 2);
    await expect(me.strangers).toContainText('未读');
    await me.act(me.session(GROUP), '置顶');
    await me.act(me.session(GROUP), '免打扰 8 小时');
    await look(page);
    await me.strangers.click();
    await look(page);
    await me.strangers.click();
    await me.act(me.session(GROUP), '取消免打扰');
    await page.getByRole('searchbox').fill('没有这个会话');
    await expect(page.getByText('没有匹配的会话')).toBeVisible();
    await look(page);
    await page.getByRole('searchbox').fill('');

    await me.askAbout(me.session(GROUP));
    await look(page, 'dialog[open]');
    await me.menu.getByRole('menuitem', { name: '标签' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('长'.repeat(33));
    await dialog.getByRole('button', { name: '保存' }).click();
    await expect(dialog.getByRole('alert')).not.toBeEmpty();
    await look(page, 'dialog[open]');
    await page.keyboard.press('Escape');
    await me.act(me.session(GROUP), '删除会话');
    await look(page, 'dialog[open]');
    await page.keyboard.press('Escape');
    await me.session(GROUP).getByRole('button', { name: /^查看/ }).click();
    await expect(dialog.getByRole('link').first()).toBeVisible();
    await look(page, 'dialog[open]');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: '全部已读' }).click();
    await look(page, 'dialog[open]');
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: '新会话' }).click();
    await look(page, 'dialog[open]');
    await dialog.getByRole('searchbox').fill('film');
    await expect(dialog.getByText('@film-dev-0-a')).toBeVisible();
    await look(page, 'dialog[open]');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+/');
    await expect(dialog.getByText('显示快捷键')).toBeVisible();
    await look(page, 'dialog[open]');
  },

  '/c/{id}': async ({ server, enter }) => {
    const id = await group(server);
    const visitor = await enter(ME);
    visitor.watch.allow(/answer 4\d\d|status of 4\d\d/);
    const page = visitor.page;
    const me = new Messenger(page);
    const peer = await server.program(PEER);
    await peer.send(id, 'ping');
    await expect(me.session('读书会')).toContainText('未读');
    await me.choose('读书会');
    await expect(me.log.getByRole('separator', { name: '以下为新消息' })).toBeVisible();
    await me.send('pong');
    const reader = await enter(PEER);
    await new Messenger(reader.page).choose('读书会');
    const readers = me.message('pong').getByRole('button', { name: '1 人已读' });
    await expect(readers).toBeVisible();
    await look(page);
    await readers.click();
    await expect(page.getByRole('dialog').getByRole('listitem')).toBeVisible();
    await look(page, 'dialog[open]');
    await page.keyboard.press('Escape');
    await me.act(me.message('ping'), '举报');
    await look(page, 'dialog[open]');
    await page.keyboard.press('Escape');
    await me.askAbout(me.message('pong'));
    await look(page, 'dialog[open]');
    await page.keyboard.press('Escape');
    await me.act(me.message('pong'), '撤回');
    await expect(me.messages.last()).toContainText('你撤回了一条消息');
    await me.act(me.message('ping'), '多选');
    await look(page, '.chat');
    await page.keyboard.press('Escape');
    await me.composer.fill('x'.repeat(2049));
    await look(page, '.chat');
    await me.composer.fill('@');
    await me.composer.pressSequentially('crim');
    await expect(page.getByRole('listbox')).toBeVisible();
    await look(page, '.chat');
    await me.composer.fill('');
    await page.getByRole('button', { name: '表情' }).click();
    await expect(page.getByRole('dialog').getByRole('gridcell').first()).toBeVisible();
    await look(page, '.chat');
    await page.getByRole('dialog').getByRole('searchbox').fill('没有这种东西');
    await expect(page.getByText('没有找到表情')).toBeVisible();
    await look(page, '.chat');
    await page.keyboard.press('Escape');
    await me.act(me.message('ping'), '删除');
    await expect(page.getByRole('button', { name: '撤销' })).toBeVisible();
    await look(page, '.toasts');

    // A direct conversation: the peer is there, and refuses what is written.
    const direct = await peer.open(await (await server.program(ME)).id());
    await peer.send(direct, '有空吗');
    await peer.acceptFrom('followers');
    await visitor.open(`/c/${direct}`);
    await me.send('有空');
    await expect(me.message('有空').getByRole('note')).toBeVisible();
    await look(page);
    await page.goto(new URL('/c/999999', page.url()).href);
    await look(page);
  },

  '/c/{id}/group': async ({ server, enter }) => {
    const id = await group(server);
    const owner = await enter(ME);
    owner.watch.allow(/answer 4\d\d|status of 4\d\d/);
    const page = owner.page;
    await page.goto(`${server.url}/c/${id}/group`);
    await look(page);
    await page.getByLabel('凭链接申请，由群主或管理员同意').check();
    await page.locator('button[value=rules]').click();
    await page.getByRole('button', { name: '生成链接' }).click();
    const link = await page.getByRole('textbox', { name: '入群链接' }).inputValue();
    const other = await enter('daniels');
    await other.page.goto(link);
    await other.page.getByRole('button', { name: '申请加入' }).click();
    await expect(other.page.getByText('已提交申请')).toBeVisible();
    await page.locator('textarea[name=announcement]').fill('周五晚上八点，在老地方见面。'.repeat(12));
    await page.locator('button[value=announce]').click();
    await page.getByLabel(`管理 ${PEER}`).click();
    await page.getByRole('button', { name: '禁言 1 小时' }).click();
    await page.getByRole('button', { name: '全员禁言', exact: true }).click();
    await page.getByLabel(`管理 ${PEER}`).click();
    await page.locator('summary', { hasText: '解散群聊' }).click();
    await look(page);
    await page.getByLabel('群名').evaluate((field: HTMLInputElement) => field.removeAttribute('maxlength'));
    await page.getByLabel('群名').fill('长'.repeat(65));
    await page.locator('button[value=rename]').click();
    await look(page);
    await page.getByRole('searchbox').fill('没有这个人');
    await page.getByRole('button', { name: '搜索' }).click();
    await look(page);

    // A member, and the announcement over the conversation with its notices.
    const member = await enter(PEER);
    await member.page.goto(`${server.url}/c/${id}/group`);
    await member.page.locator('summary', { hasText: '退出群聊' }).click();
    await look(member.page);
    await member.open(`/c/${id}`);
    await expect(member.page.getByRole('complementary', { name: '群公告' })).toBeVisible();
    await look(member.page);
  },

  '/join/{link}': async ({ server, enter }) => {
    const id = await group(server);
    const owner = await enter(ME);
    const other = await enter('daniels');
    other.watch.allow(/answer 404|status of 404/);
    await owner.page.goto(`${server.url}/c/${id}/group`);
    await owner.page.getByRole('button', { name: '生成链接' }).click();
    const link = await owner.page.getByRole('textbox', { name: '入群链接' }).inputValue();
    for (const joining of ['closed', 'free', 'approval']) {
      await owner.page.locator(`[name=joining][value=${joining}]`).check();
      await owner.page.locator('button[value=rules]').click();
      await expect(owner.page.locator(`[name=joining][value=${joining}]`)).toBeChecked();
      await other.page.goto(link);
      await look(other.page);
    }
    await other.page.getByRole('button', { name: '申请加入' }).click();
    await look(other.page);
    await owner.page.goto(link);
    await look(owner.page);
    await other.page.goto(`${link.slice(0, -4)}xxxx`);
    await look(other.page);
  },

  '/new/group': async ({ server, enter }) => {
    const visitor = await enter(ME);
    visitor.watch.allow(/answer 4\d\d|status of 4\d\d/);
    const page = visitor.page;
    await page.goto(`${server.url}/new/group?query=nobody.at.all`);
    await look(page);
    await page.goto(`${server.url}/new/group?query=film`);
    await page.getByRole('listitem').getByRole('button').first().click();
    await look(page);
    await page.getByLabel('群名').evaluate((field: HTMLInputElement) => field.removeAttribute('maxlength'));
    await page.getByLabel('群名').fill('长'.repeat(65));
    await page.getByRole('button', { name: '创建群聊' }).click();
    await look(page);
  },

  '/login': async ({ server, visit }) => {
    const visitor = await visit();
    visitor.watch.allow(/answer 401|status of 401/);
    await visitor.page.goto(`${server.url}/login`);
    await look(visitor.page);
    await visitor.page.getByLabel('用户名').fill(ME);
    await visitor.page.getByLabel('密码').fill('wrong password');
    await visitor.page.getByRole('button', { name: '登录' }).click();
    await expect(visitor.page.getByRole('alert')).toBeVisible();
    await look(visitor.page);
  },

  '/register': async ({ server, visit }) => {
    const visitor = await visit();
    visitor.watch.allow(/answer 4\d\d|status of 4\d\d/);
    const page = visitor.page;
    await page.goto(`${server.url}/register`);
    await look(page);
    await page.getByLabel('用户名').fill('-?-');
    await page.getByLabel('昵称').fill('王五');
    await page.getByLabel('密码').fill('correct horse');
    await page.locator('form').first().evaluate((form: HTMLFormElement) => (form.noValidate = true));
    await page.getByRole('button', { name: '注册' }).click();
    await expect(page.locator('.is-wrong')).toBeVisible();
    await look(page);
  },

  '/new': async ({ server, enter }) => {
    const page = (await enter(ME)).page;
    for (const path of ['/new', '/new?query=film', '/new?query=nobody.at.all']) {
      await page.goto(server.url + path);
      await look(page);
    }
  },

  '/contacts': async ({ server, enter }) => {
    await server.newcomer('nobody', '新来的');
    const fresh = (await enter('nobody')).page;
    await fresh.goto(`${server.url}/contacts`);
    await look(fresh);

    const me = await server.program(ME);
    const [first, second, third] = [
      await server.newcomer('zhang.san', '张三'),
      await server.newcomer('li.si', '李四'),
      await server.newcomer('wang.wu', `一个名字非常长的人${'长'.repeat(50)}`),
    ];
    await first.askFriend(await me.id(), '我们在会上见过面，想请教几个问题');
    await second.relate('PUT', await me.id(), 'follow');
    await third.relate('PUT', await me.id(), 'follow');
    await me.askFriend(await (await server.program('daniels')).id(), '你好');
    await me.relate('PUT', await third.id(), 'follow');
    await me.relate('PUT', await (await server.program('wood1')).id(), 'block');
    await greet(server, 1);
    const page = (await enter(ME)).page;
    await page.goto(`${server.url}/contacts`);
    await page.getByLabel('更多：李四').click();
    await look(page);
    await page.goto(`${server.url}/contacts?query=film`);
    await look(page);
  },

  '/devices': async ({ server, enter }) => {
    await enter(ME);
    const page = (await enter(ME)).page;
    await page.goto(`${server.url}/devices`);
    await expect(page.getByRole('listitem')).toHaveCount(2);
    await look(page);
  },

  '/settings': async ({ server, enter }) => {
    const page = (await enter(ME)).page;
    await page.goto(`${server.url}/settings`);
    await look(page);
  },

  '/settings/profile': async ({ server, enter }) => {
    const visitor = await enter(ME);
    visitor.watch.allow(/answer 422|status of 422/);
    const page = visitor.page;
    await page.goto(`${server.url}/settings/profile`);
    const buffer = await page.screenshot();
    await page.getByLabel('头像', { exact: true }).setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer });
    await expect(page.getByRole('slider', { name: '左右位置' })).toBeVisible();
    await look(page);
    await page.getByRole('button', { name: '上传头像' }).click();
    await expect(page.getByRole('button', { name: '移除头像' })).toBeVisible();
    await page.getByLabel('电话', { exact: true }).fill('call me');
    await page.getByRole('button', { name: '保存' }).click();
    await expect(page.locator('.is-wrong')).toBeVisible();
    await look(page);
  },

  '/u/{id}': async ({ server, enter }) => {
    const visitor = await enter(ME);
    visitor.watch.allow(/answer 404|status of 404/);
    const page = visitor.page;
    for (const who of [ME, PEER]) {
      await page.goto(`${server.url}/u/${await (await server.program(who)).id()}`);
      await look(page);
    }
    await page.goto(`${server.url}/u/999999`);
    await look(page);
  },

  '/company': async ({ server, visit }) => {
    const page = (await visit()).page;
    await page.goto(server.url + (await invitation(server)));
    await page.locator('[name=handle]').fill('zhangsan');
    await page.locator('[name=password]').fill(PASSWORD);
    await page.locator('[name=password]').press('Enter');
    await page.waitForURL(url => url.pathname === '/');
    await page.goto(`${server.url}/company`);
    await look(page);
    await page.getByRole('navigation', { name: '组织架构' }).getByRole('link').first().click();
    await look(page);
    await page.getByRole('searchbox').fill('zhang');
    await page.getByRole('searchbox').press('Enter');
    await expect(page.getByText('张三').first()).toBeVisible();
    await look(page);
  },

  '/welcome/{link}': async ({ server, visit }) => {
    const visitor = await visit();
    visitor.watch.allow(/answer 4|status of 4/);
    const page = visitor.page;
    await page.goto(server.url + (await invitation(server)));
    await look(page);
    await page.locator('[name=handle]').fill('-');
    await page.locator('[name=password]').fill('short');
    await page.locator('form').first().evaluate((form: HTMLFormElement) => (form.noValidate = true));
    await page.locator('[name=password]').press('Enter');
    await expect(page.locator('.is-wrong').first()).toBeVisible();
    await look(page);
    await page.goto(`${server.url}/welcome/nowhere`);
    await look(page);
  },

  '/offline': async ({ server, enter }) => {
    const visitor = await enter(ME);
    visitor.watch.allowOutage();
    const me = new Messenger(visitor.page);
    await me.choose(GROUP);
    await visitor.stored();
    await server.kill();
    await visitor.page.reload();
    await me.send('没有网络');
    await expect(visitor.page.getByText('网络已断开')).toBeVisible();
    await look(visitor.page);
  },
};

/** Several messages of somebody, in the group and from a stranger. */
async function greet(server: Server, count: number): Promise<void> {
  const peer = await server.program(PEER);
  const stranger = await server.newcomer('stranger', '陌生人');
  const id = await stranger.open(await (await server.program(ME)).id());
  for (let n = 1; n <= count; n += 1) {
    await peer.send(await peer.conversation(), `ping ${n}`);
    await stranger.send(id, `打扰了 ${n}`);
  }
}

/** A company of one person, and the path by which they come in. */
async function invitation(server: Server): Promise<string> {
  await server.directory('PUT', 'departments', { departments: [{ external_id: 'd1', name: '总部' }] });
  const person = { external_id: 'e1', display_name: '张三', title: '工程师', departments: ['d1'], version: 1 };
  await server.directory('PUT', 'people', { people: [person] });
  return (await server.directory('POST', 'people/e1/invitation', {})).path;
}

async function group(server: Server): Promise<number> {
  const peer = await (await server.program(PEER)).id();
  return (await server.program(ME)).group('读书会', [peer]);
}

for (const [path, show] of Object.entries(PAGES)) {
  test(`axe finds nothing to blame on ${path}, in both themes and at both widths`, async ({ server, visit, enter }) => {
    // Looking at a page so closely takes seconds, and there are many.
    test.setTimeout(240_000);
    const options = { reducedMotion: 'reduce' } as const;
    await show({ server, visit: () => visit(options), enter: handle => enter(handle, options) });
  });
}

test('axe finds nothing to blame on a page that does not exist', async ({ server, visit }) => {
  const visitor = await visit();
  visitor.watch.allow(/nowhere/);
  await visitor.page.goto(`${server.url}/nowhere`);
  await look(visitor.page);
});

test('every page of the router is looked at', () => {
  const router = readFileSync(join(WORKSPACE, 'server/src/page/mod.rs'), 'utf8');
  // What `site` serves is no page, the way to a provider is none of ours, and what a picture is posted to leads on.
  const paths = [...router.matchAll(/route\("([^"]+)",\s*"[A-Z ]+",\s*get\((?!site::|provider::|\w+::picture_form)/g)].map(([, path]) => path!);
  expect(paths.length).toBeGreaterThan(10);
  expect(Object.keys(PAGES).sort()).toEqual(paths.sort());
});

test('new messages are read out, history is not', async ({ enter, server }) => {
  const visitor = await enter('kleedrac');
  const me = new Messenger(visitor.page);
  await me.choose(GROUP);
  const heard = visitor.page.locator('[aria-live=polite]:not([role=status])');
  await expect(me.messages.last()).toBeInViewport();
  await me.log.hover();
  await visitor.page.mouse.wheel(0, -2000);
  await expect.poll(async () => (await me.seqs())[0]).toBeLessThan(580);
  await expect(heard).toHaveText('');
  const peer = await server.program('crimsun');
  await peer.send(await peer.conversation(), 'hear me');
  await expect(heard).toHaveText('crimsun：hear me');
});
