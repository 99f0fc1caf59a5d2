import { expect, test } from './support/test.ts';

test.use({ javaScriptEnabled: false });

test('without scripts one logs in, reads, pages back and sends', async ({ visit, server }) => {
  const visitor = await visit();
  const page = visitor.page;
  await page.goto(server.url);
  await expect(page).toHaveURL(/\/login$/);
  await visitor.login('film-dev-0-a');
  const row = page.getByRole('link', { name: 'film-dev-0-b' });
  await expect(row).toContainText('电影短片以及音乐录影带拍摄的导演');
  await row.click();
  const rows = page.getByRole('log').getByRole('article');
  await expect(rows).toHaveCount(10);
  await expect(rows.last()).toContainText('电影短片以及音乐录影带拍摄的导演');

  await page.getByRole('link', { name: '加载更早的消息' }).click();
  await expect(rows).toHaveCount(10);
  await expect(rows.last()).toHaveAttribute('data-seq', '18');
  await page.getByRole('link', { name: '加载更早的消息' }).click();
  await expect(rows).toHaveCount(8);
  await expect(rows.first()).toContainText('知道恋恋笔记本这部电影吗？');
  await expect(page.getByText('没有更早的消息了')).toBeVisible();
  await page.getByRole('link', { name: '查看最新消息' }).click();
  await expect(rows.last()).toHaveAttribute('data-seq', '28');

  await page.getByRole('textbox', { name: '输入消息' }).fill('不用脚本也能发 👍');
  await page.getByRole('button', { name: '发送' }).click();
  await expect(rows.last()).toContainText('不用脚本也能发 👍');
  await expect(rows.last().getByRole('img', { name: '已发送' })).toBeVisible();
  await page.reload();
  await expect(rows.filter({ hasText: '不用脚本也能发' })).toHaveCount(1);

  await expect(page.getByRole('button', { name: '表情' })).toBeHidden();
});

test('without scripts a text that is too long comes back with the reason', async ({ visit }) => {
  const visitor = await visit();
  visitor.watch.allow(/answer 422|answer 400|status of 4(00|22)/);
  const page = visitor.page;
  await visitor.login('film-dev-0-a');
  await page.getByRole('link', { name: 'film-dev-0-b' }).click();
  await page.getByRole('textbox', { name: '输入消息' }).fill('长'.repeat(2049));
  await page.getByRole('button', { name: '发送' }).click();
  await expect(page.getByText('消息需为 1–2048 个字')).toBeVisible();
  await expect(page.getByRole('textbox', { name: '输入消息' })).toHaveValue('长'.repeat(2049));
});

test('without scripts one registers, finds somebody by name and writes to them', async ({ visit, server }) => {
  const visitor = await visit();
  const page = visitor.page;
  await page.goto(`${server.url}/login`);
  await page.getByRole('link', { name: '注册' }).click();
  await page.getByLabel('用户名').fill('lisi');
  await page.getByLabel('昵称').fill('李四');
  await page.getByLabel('密码').fill('correct horse');
  await page.getByRole('button', { name: '注册' }).click();
  await expect(page.getByText('还没有会话')).toBeVisible();

  await page.getByRole('link', { name: '新会话' }).click();
  await page.getByRole('searchbox').fill('film-dev-2-a');
  await page.getByRole('button', { name: '搜索' }).click();
  await page.getByRole('button', { name: 'film-dev-2-a' }).click();
  await page.getByRole('textbox', { name: '输入消息' }).fill('你好，我是李四');
  await page.getByRole('button', { name: '发送' }).click();
  await expect(page.getByRole('log').getByRole('article')).toContainText('你好，我是李四');

  const other = await visit();
  await other.login('film-dev-2-a');
  await expect(other.page.getByText('1 条未读消息')).toBeAttached();
  await other.page.getByRole('link', { name: '陌生人消息' }).click();
  await other.page.getByRole('region', { name: '陌生人消息' }).getByRole('link', { name: '李四' }).click();
  await expect(other.page.getByRole('log').getByRole('article')).toContainText('你好，我是李四');
});

test('a refused form says why and keeps what was filled in', async ({ visit, server }) => {
  const visitor = await visit();
  visitor.watch.allow(/answer 4\d\d|status of 4\d\d/);
  const page = visitor.page;
  await page.goto(`${server.url}/login`);
  await page.getByLabel('用户名').fill('film-dev-0-a');
  await page.getByLabel('密码').fill('wrong password');
  await page.getByRole('button', { name: '登录' }).click();
  await expect(page.getByRole('alert')).toHaveText('用户名或密码不正确');
  await expect(page.getByLabel('用户名')).toHaveValue('film-dev-0-a');
  await expect(page.getByLabel('密码')).toHaveValue('');

  await page.getByRole('link', { name: '注册' }).click();
  await page.getByLabel('用户名').fill('film-dev-0-a');
  await page.getByLabel('昵称').fill('另一个人');
  await page.getByLabel('密码').fill('correct horse');
  await page.getByRole('button', { name: '注册' }).click();
  await expect(page.getByText('这个用户名已被使用，换一个试试')).toBeVisible();
  await expect(page.getByLabel('昵称')).toHaveValue('另一个人');
});

test('without scripts one ends another login and logs out', async ({ visit }) => {
  const one = await visit();
  const two = await visit();
  await one.login('film-dev-0-a');
  await two.login('film-dev-0-a');
  await one.page.getByRole('link', { name: '设置' }).click();
  await one.page.getByRole('link', { name: '登录设备' }).click();
  await one.page.getByRole('button', { name: /移除设备/ }).click();
  await expect(one.page.getByRole('button', { name: /移除设备/ })).toHaveCount(0);
  await two.page.reload();
  await expect(two.page).toHaveURL(/\/login$/);

  await one.page.getByRole('link', { name: '返回首页' }).click();
  await one.page.getByRole('link', { name: '设置' }).click();
  await one.page.getByRole('button', { name: '退出登录' }).click();
  await expect(one.page).toHaveURL(/\/login$/);
});

test('without scripts one writes notes to oneself', async ({ visit, server }) => {
  const visitor = await visit();
  const page = visitor.page;
  await visitor.login('film-dev-0-a');
  await page.goto(`${server.url}/new`);
  await page.getByRole('button', { name: '文件助手' }).click();
  await page.getByRole('textbox', { name: '输入消息' }).fill('别忘了');
  await page.getByRole('button', { name: '发送' }).click();
  await expect(page.getByRole('log').getByRole('article').last()).toContainText('别忘了');
  await expect(page.getByRole('heading', { level: 2, name: '文件助手' })).toBeVisible();
});
