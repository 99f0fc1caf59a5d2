import type { Page } from '@playwright/test';
import { glance } from './support/look.ts';
import { Messenger } from './support/messenger.ts';
import type { Server } from './support/server.ts';
import { expect, FLOW, test, type Visitor } from './support/test.ts';
import { say } from './support/words.ts';

const [OWNER, MEMBER, THIRD, FOURTH] = ['kleedrac', 'crimsun', 'daniels', 'wood1'] as const;
const JOINING = {
  free: '任何人可凭链接加入，成员可邀请',
  approval: '凭链接申请，由群主或管理员同意',
  closed: '仅群主和管理员可邀请',
} as const;
/** What is asked for is not there, or not for who asks. */
const VAIN = /answer 40[34]|status of 40[34]/;

/** A group of two, at its owner's settings. */
async function begin(server: Server, enter: (handle: string) => Promise<Visitor>, title: string): Promise<Page> {
  const program = await server.program(OWNER);
  const id = await program.group(title, [await (await server.program(MEMBER)).id()]);
  const { page } = await enter(OWNER);
  await page.goto(`${server.url}/c/${id}/group`);
  return page;
}

/** Chooses how one comes in. */
async function admit(page: Page, how: keyof typeof JOINING): Promise<void> {
  await page.getByLabel(say(JOINING[how])).check();
  const saved = page.waitForEvent('framenavigated');
  await page.locator('button[value=rules]').click();
  await saved;
  await expect(page.getByLabel(say(JOINING[how]))).toBeChecked();
}

const shown = (page: Page) => page.getByRole('textbox', { name: say('入群链接') });

async function makeLink(page: Page): Promise<string> {
  await page.getByRole('button', { name: say('生成链接') }).click();
  return shown(page).inputValue();
}

test('whoever has the link of an open group joins at once, and nobody once it is closed', FLOW, async ({
  enter,
  server,
}) => {
  const owner = await begin(server, enter, '球友');
  await admit(owner, 'free');
  const link = await makeLink(owner);
  const third = await enter(THIRD);
  const slow = await enter(FOURTH);
  for (const { page } of [third, slow]) {
    await page.goto(link);
    await expect(page.getByRole('heading', { level: 1, name: say('邀请你加入群聊') })).toBeVisible();
    await expect(page.getByText('球友')).toBeVisible();
    await expect(page.getByText(say('{} 位成员', 2))).toBeVisible();
  }
  await glance(third.page);
  await third.page.getByRole('button', { name: say('加入群聊') }).click();
  const open = third.page.getByRole('link', { name: say('进入群聊') });
  await expect(open).toBeVisible();
  await glance(third.page);
  await third.live(() => open.click());
  const me = new Messenger(third.page);
  await expect(me.page.getByRole('heading', { level: 2, name: '球友' })).toBeVisible();
  await me.send('周末打球吗');
  await expect(me.mark('周末打球吗', say('已发送'))).toBeVisible();
  const member = new Messenger((await enter(MEMBER)).page);
  await member.choose('球友');
  await expect(member.message('周末打球吗')).toBeVisible();
  await expect(member.log).toContainText(say('{} 加入了群聊', THIRD));

  await admit(owner, 'closed');
  // Who had the page open already comes too late.
  slow.watch.allow(VAIN);
  await slow.page.getByRole('button', { name: say('加入群聊') }).click();
  await expect(slow.page.getByText(say('该群暂不允许通过链接加入'))).toBeVisible();
  await expect(slow.page.getByRole('button', { name: say('加入群聊') })).toHaveCount(0);
  await glance(slow.page);
  await slow.page.goto(link);
  await expect(slow.page.getByRole('status')).toHaveText(say('该群暂不允许通过链接加入'));
  await slow.open();
  await expect(new Messenger(slow.page).session('球友')).toHaveCount(0);
  // Whoever is in stays in.
  await third.page.goto(link);
  await expect(open).toBeVisible();
});

test('a link that was replaced or taken away lets nobody in any more', FLOW, async ({ enter, server }) => {
  const owner = await begin(server, enter, '旅伴');
  await admit(owner, 'free');
  const first = await makeLink(owner);
  const third = await enter(THIRD);
  const fourth = await enter(FOURTH);
  for (const { watch, page } of [third, fourth]) {
    watch.allow(VAIN);
    await page.goto(first);
    await expect(page.getByRole('button', { name: say('加入群聊') })).toBeVisible();
  }
  await owner.getByRole('button', { name: say('更换链接') }).click();
  await expect(shown(owner)).not.toHaveValue(first);
  const second = await shown(owner).inputValue();
  // Neither the page that is open nor the address leads in.
  await third.page.getByRole('button', { name: say('加入群聊') }).click();
  await expect(third.page.getByText(say('这个群链接已失效'))).toBeVisible();
  await third.page.goto(first);
  await expect(third.page.getByText(say('这个群链接已失效'))).toBeVisible();
  await expect(third.page.getByText('旅伴')).toHaveCount(0);
  await glance(third.page);
  await third.page.goto(second);
  await third.page.getByRole('button', { name: say('加入群聊') }).click();
  await expect(third.page.getByRole('link', { name: say('进入群聊') })).toBeVisible();

  await owner.getByRole('button', { name: say('停用链接') }).click();
  await expect(owner.getByRole('button', { name: say('生成链接') })).toBeVisible();
  await expect(shown(owner)).toHaveCount(0);
  await glance(owner);
  for (const link of [first, second]) {
    await fourth.page.goto(link);
    await expect(fourth.page.getByText(say('这个群链接已失效'))).toBeVisible();
  }
  // A link that is made later is another one.
  expect([first, second]).not.toContain(await makeLink(owner));
});

test('who asks to join waits until let in or refused, and may ask again', FLOW, async ({ enter, server }) => {
  const owner = await begin(server, enter, '校友');
  await admit(owner, 'approval');
  const link = await makeLink(owner);
  const third = await enter(THIRD);
  const fourth = await enter(FOURTH);
  const ask = (page: Page) => page.getByRole('button', { name: say('申请加入') });
  for (const { page } of [third, fourth]) {
    await page.goto(link);
    await ask(page).click();
    await expect(page.getByRole('status')).toContainText(say('已提交申请'));
    // Whoever looks again still waits, and is in nothing yet.
    await page.goto(link);
    await expect(page.getByRole('status')).toContainText(say('已提交申请'));
    await expect(ask(page)).toHaveCount(0);
  }
  await glance(third.page);
  await third.open();
  await fourth.open();
  const [letIn, refused] = [new Messenger(third.page), new Messenger(fourth.page)];
  await expect(letIn.session('校友')).toHaveCount(0);

  await owner.reload();
  const waiting = owner.getByRole('region', { name: say('入群申请') });
  await expect(waiting.getByRole('listitem')).toHaveCount(2);
  await glance(owner);
  await waiting.getByRole('button', { name: say('拒绝 {} 入群', FOURTH) }).click();
  await expect(waiting.getByRole('listitem')).toHaveCount(1);
  await waiting.getByRole('button', { name: say('同意 {} 入群', THIRD) }).click();
  await expect(waiting).toHaveCount(0);

  // Who was let in sees the group at once, and writes in it.
  await letIn.choose('校友');
  await letIn.send('大家好');
  await expect(letIn.mark('大家好', say('已发送'))).toBeVisible();
  await expect(refused.session('校友')).toHaveCount(0);
  await fourth.page.goto(link);
  await expect(ask(fourth.page)).toBeVisible();
  await ask(fourth.page).click();
  await expect(fourth.page.getByRole('status')).toContainText(say('已提交申请'));
  await owner.reload();
  await expect(waiting.getByRole('listitem')).toHaveCount(1);
});
