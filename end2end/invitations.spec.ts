import type { Page } from '@playwright/test';
import { glance } from './support/look.ts';
import { Messenger } from './support/messenger.ts';
import { expect, FLOW, test } from './support/test.ts';
import { say } from './support/words.ts';

const [OWNER, QUIET, BLOCKING, WILLING] = ['kleedrac', 'crimsun', 'daniels', 'wood1'] as const;

const person = (page: Page, handle: string) => page.getByRole('listitem').filter({ hasText: `@${handle}` });

/** Chooses people whom one finds by their handles. */
async function pick(page: Page, ...handles: string[]): Promise<void> {
  for (const [before, handle] of handles.entries()) {
    await page.getByRole('searchbox').fill(handle);
    await page.getByRole('button', { name: say('搜索') }).click();
    await person(page, handle).getByRole('button').first().click();
    await expect(page.getByText(say('已选择 {} 人', before + 1))).toBeVisible();
  }
}

test('who accepts nobody, or blocks the inviter, is in no group of theirs, and the inviter is told who', FLOW, async ({
  enter,
  server,
}) => {
  const quiet = await server.program(QUIET);
  await quiet.acceptFrom('nobody');
  const blocking = await server.program(BLOCKING);
  await blocking.relate('PUT', await (await server.program(OWNER)).id(), 'block');
  const [there, absent, hiding] = [
    new Messenger((await enter(WILLING)).page),
    new Messenger((await enter(QUIET)).page),
    new Messenger((await enter(BLOCKING)).page),
  ];
  const { page, watch } = await enter(OWNER);
  watch.allow(/answer 403|status of 403/);
  await page.goto(`${server.url}/new/group`);
  // Where nobody comes there is no group.
  await pick(page, QUIET);
  await page.getByRole('button', { name: say('创建群聊') }).click();
  await expect(page.getByRole('alert')).toHaveText(say('未能邀请 {}：对方暂不接受邀请', QUIET));
  await glance(page);
  await page.goto(`${server.url}/new/group`);
  await pick(page, QUIET, BLOCKING, WILLING);
  await page.getByLabel(say('群名')).fill('聚会');
  await page.getByRole('button', { name: say('创建群聊') }).click();

  // Both are told of alike, by name; the others are in.
  const told = page.getByRole('alert');
  await expect(told).toContainText(/^(未能邀请 .+：对方暂不接受邀请|Not invited, as they are not accepting it: .+)$/);
  for (const name of [QUIET, BLOCKING]) {
    await expect(told).toContainText(name);
    await expect(person(page, name)).toHaveCount(0);
  }
  await expect(told).not.toContainText(WILLING);
  await expect(person(page, WILLING)).toBeVisible();
  await glance(page);
  await expect(there.session('聚会')).toBeVisible();
  for (const side of [absent, hiding]) await expect(side.session('聚会')).toHaveCount(0);

  // Inviting into a group that stands is the same; a later page says nothing of it any more.
  const settings = page.url().replace(/\?.*/, '');
  await page.goto(settings);
  await expect(told).toHaveCount(0);
  await page.getByRole('link', { name: say('邀请成员') }).click();
  await pick(page, QUIET);
  await page.getByRole('button', { name: say('邀请入群'), exact: true }).click();
  await expect(told).toHaveText(say('未能邀请 {}：对方暂不接受邀请', QUIET));
  await expect(person(page, QUIET)).toHaveCount(0);

  // What holds then decides.
  await quiet.acceptFrom('everyone');
  await page.getByRole('link', { name: say('邀请成员') }).click();
  await pick(page, QUIET);
  await page.getByRole('button', { name: say('邀请入群'), exact: true }).click();
  await expect(absent.session('聚会')).toBeVisible();
  await page.goto(settings);
  await expect(person(page, QUIET)).toBeVisible();
});
