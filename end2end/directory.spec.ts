import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { glance } from './support/look.ts';
import { Messenger } from './support/messenger.ts';
import type { Server } from './support/server.ts';
import { PASSWORD } from './support/server.ts';
import { expect, FLOW, test, type Visitor } from './support/test.ts';
import { say } from './support/words.ts';

const DEPARTMENTS = [
  { external_id: 'd1', name: '总部' },
  { external_id: 'd2', name: '研发中心', parent: 'd1', place: 1 },
  { external_id: 'd3', name: '后端组', parent: 'd2' },
  { external_id: 'd4', name: '市场部', parent: 'd1', place: 2 },
];
const PEOPLE = [
  { external_id: 'e1', display_name: '张三', title: '工程师', departments: ['d3'] },
  { external_id: 'e2', display_name: '李四', title: '总监', departments: ['d2'] },
  { external_id: 'e3', display_name: '王五', title: '工程师', departments: ['d3', 'd4'] },
  { external_id: 'g1', display_name: '访客', kind: 'external', departments: ['d4'] },
];

/** Fills the directory, and lets somebody of it in. */
async function employ(server: Server, visitor: Visitor, id: string, handle: string): Promise<void> {
  await server.directory('PUT', 'departments', { departments: DEPARTMENTS });
  await server.directory('PUT', 'people', { people: PEOPLE.map(person => ({ ...person, version: 1 })) });
  const { path } = await server.directory('POST', `people/${id}/invitation`, {});
  await visitor.page.goto(server.url + path);
  await visitor.page.locator('[name=handle]').fill(handle);
  await visitor.page.locator('[name=password]').fill(PASSWORD);
  await visitor.page.locator('[name=password]').press('Enter');
  await visitor.page.waitForURL(url => url.pathname === '/');
}

async function check(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze();
  expect(violations.map(violation => `${violation.id}: ${violation.nodes.map(node => node.target).join(' ')}`)).toEqual([]);
}

async function fits(page: Page): Promise<void> {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  expect(wide, 'nothing stands beyond the edge').toBe(false);
}

const TALES = {
  'zh-CN': { company: '企业通讯录', tree: '组织架构', contacts: '通讯录', three: '3 人', four: '4 人', search: '搜索', found: '搜索结果', write: '发消息给王五', external: '外部' },
  'en-GB': { company: 'Company directory', tree: 'Departments', contacts: 'Contacts', three: '3 people', four: '4 people', search: 'Search', found: 'Found', write: 'Message 王五', external: 'External' },
} as const;

for (const locale of ['zh-CN', 'en-GB'] as const) {
  for (const width of [1280, 390]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      test(`the company opens level by level, ${locale}, ${width} px wide, ${colorScheme}`, async ({ visit, server }) => {
        test.slow();
        const said = TALES[locale];
        const visitor = await visit({ locale, colorScheme, viewport: { width, height: 844 } });
        const page = visitor.page;
        await employ(server, visitor, 'e1', 'zhangsan');
        await page.getByRole('link', { name: said.contacts }).first().click();
        await page.getByRole('link', { name: said.company }).click();
        await expect(page.getByRole('heading', { level: 1, name: said.company })).toBeVisible();
        const tree = page.getByRole('navigation', { name: said.tree });
        const departments = tree.getByRole('link');
        await expect(departments).toHaveCount(1);
        await expect(departments.first()).toContainText(said.four);
        await check(page);
        await departments.first().click();
        await expect(departments).toHaveCount(3);
        await tree.getByRole('link', { name: '研发中心' }).click();
        await expect(departments).toHaveCount(4);
        await expect(tree.getByRole('link', { name: '研发中心' })).toContainText(said.three);
        await tree.getByRole('link', { name: '后端组' }).click();
        await expect(tree.getByRole('link', { name: '后端组' })).toHaveAttribute('aria-current', 'page');
        const people = page.getByRole('region', { name: '后端组' }).getByRole('listitem');
        await expect(people).toHaveCount(2);
        await expect(people.first()).toContainText('王五');
        await expect(people.first()).toContainText('工程师');
        await check(page);
        await fits(page);
        await tree.getByRole('link', { name: '市场部' }).click();
        await expect(page.getByRole('region', { name: '市场部' })).toContainText(said.external);

        await page.getByRole('searchbox').fill('ww');
        await page.getByRole('button', { name: said.search }).click();
        const found = page.getByRole('region', { name: said.found });
        await expect(found.getByRole('listitem')).toHaveCount(1);
        await check(page);
        await fits(page);
        await found.getByRole('link', { name: /王五/ }).click();
        await expect(page.getByRole('heading', { level: 2, name: '王五' })).toBeVisible();
        await expect(page.getByText('后端组、市场部')).toBeVisible();
        await check(page);
        await page.goBack();
        await page.getByRole('button', { name: said.write }).click();
        await expect(page).toHaveURL(/\/c\/\d+$/);
      });
    }
  }
}

for (const locale of ['zh-CN', 'en-GB'] as const) {
  for (const width of [1280, 390]) {
    test(`an invitation leads to the first message, ${locale}, ${width} px wide`, async ({ visit, enter, server }) => {
      const said = {
        'zh-CN': { hello: '你好，张三！', go: '进入私信', taken: '这个用户名已被使用', ended: '已使用', list: '会话列表', compose: '输入消息' },
        'en-GB': { hello: 'Hello, 张三!', go: 'Come in', taken: 'taken', ended: 'was used', list: 'Conversations', compose: 'Write a message' },
      }[locale];
      const visitor = await visit({ locale, viewport: { width, height: 844 } });
      visitor.watch.allow(/answer 4(04|09)|status of 4(04|09)/);
      const page = visitor.page;
      await server.directory('PUT', 'departments', { departments: DEPARTMENTS });
      await server.directory('PUT', 'people', { people: PEOPLE.map(person => ({ ...person, version: 1 })) });
      const { path } = await server.directory('POST', 'people/e1/invitation', {});
      await page.goto(server.url + path);
      await expect(page.getByText(said.hello)).toBeVisible();
      await expect(page.locator('[name=handle]')).toHaveValue('e1');
      await check(page);
      await fits(page);
      await page.locator('[name=handle]').fill('film-dev-0-a');
      await page.locator('[name=password]').fill(PASSWORD);
      await page.getByRole('button', { name: said.go }).click();
      await expect(page.getByRole('alert')).toContainText(said.taken);
      await page.locator('[name=handle]').fill('zhangsan');
      await page.locator('[name=password]').fill(PASSWORD);
      await page.getByRole('button', { name: said.go }).click();
      await page.waitForURL(url => url.pathname === '/');

      const other = await enter('film-dev-0-a');
      await page.goto(`${server.url}/new?query=film-dev-0-a`);
      await visitor.live(() => page.getByRole('button', { name: /film-dev-0-a/ }).first().click());
      await expect(page).toHaveURL(/\/c\/\d+$/);
      await page.getByRole('textbox', { name: said.compose }).fill('第一条消息');
      await page.getByRole('textbox', { name: said.compose }).press('Enter');
      await expect(page.getByRole('log').getByText('第一条消息')).toBeVisible();
      await other.page.getByRole('link', { name: '陌生人消息' }).click();
      await expect(other.page.getByRole('region', { name: '会话列表' }).getByText('第一条消息')).toBeVisible();

      const late = await visit({ locale });
      late.watch.allow(/answer 404|status of 404/);
      await late.page.goto(server.url + path);
      await expect(late.page.getByRole('status')).toContainText(said.ended);
      await check(late.page);
    });
  }
}

test('a message to somebody who was deactivated is refused as a block is', FLOW, async ({ visit, enter, server }) => {
  const theirs = await visit();
  await employ(server, theirs, 'e1', 'zhangsan');
  const mine = await enter('film-dev-0-a');
  mine.watch.allow(/answer 403|status of 403/);
  const page = mine.page;
  const me = new Messenger(page);
  const [program, zhang] = [await server.program('film-dev-0-a'), await server.program('zhangsan')];
  const id = await program.open(await zhang.id());
  await mine.open(`/c/${id}`);
  await expect(page.getByRole('heading', { level: 2, name: '张三' })).toBeVisible();
  theirs.watch.allow(/answer 401|status of 401|WebSocket/);
  await server.directory('PUT', 'people', { people: [{ ...PEOPLE[0], version: 2, active: false }] });
  await expect(theirs.page).toHaveURL(/\/login/);
  await me.send('在吗');
  const toast = say('发送失败,对方暂不接受消息');
  const told = page.getByRole('alert').filter({ hasText: toast });
  await expect(told).toHaveText(toast);
  await expect(me.mark('在吗', say('发送失败'))).toBeVisible();
  // Nothing tells why.
  await expect(me.message('在吗').getByRole('note')).toHaveCount(0);
  await expect(told).toHaveCount(0);
  await glance(page);
  await server.directory('PUT', 'people', { people: [{ ...PEOPLE[0], version: 3 }] });
  await me.send('欢迎回来');
  await expect(me.mark('欢迎回来', say('已发送'))).toBeVisible();
  await me.message('在吗').getByRole('button', { name: say('点击重试') }).click();
  await expect(me.mark('在吗', say('已发送'))).toBeVisible();
});
