import { glance } from './support/look.ts';
import { Messenger } from './support/messenger.ts';
import { expect, FLOW, test } from './support/test.ts';
import { say } from './support/words.ts';

test('one sees that the other is there, writes, and goes', FLOW, async ({ enter }) => {
  const one = new Messenger((await enter('music-dev-3-a')).page);
  const visitor = await enter('music-dev-3-b');
  const other = new Messenger(visitor.page);
  await one.choose('music-dev-3-b');
  const head = one.page.locator('.chat-head');
  await expect(head).toContainText(say('在线'));
  await other.choose('music-dev-3-a');
  await other.composer.pressSequentially('在想怎么说');
  await expect(head).toContainText(say('正在输入…'));
  if (!one.narrow) await expect(one.session('music-dev-3-b')).toContainText(say('正在输入…'));
  // It ends by itself.
  await expect(head).not.toContainText(say('正在输入…'), { timeout: 10_000 });
  await other.composer.pressSequentially('，再想想');
  await expect(head).toContainText(say('正在输入…'));
  await other.composer.press('Enter');
  await expect(one.message('在想怎么说，再想想')).toBeVisible();
  await expect(head).not.toContainText(say('正在输入…'));
  await visitor.page.close();
  await expect(head).toContainText(say('最后上线'));
});

test('the first paint tells that the other is there', async ({ enter }) => {
  const visitor = await enter('music-dev-3-a');
  const one = new Messenger(visitor.page);
  const other = await enter('music-dev-3-b');
  await one.choose('music-dev-3-b');
  const head = one.page.locator('.chat-head');
  await expect(head).toContainText('在线');
  // As the server sent it, before a script runs.
  const html = async () => (await visitor.context.request.get(visitor.page.url())).text();
  expect(await html()).toContain('<p>在线</p>');
  await other.page.close();
  await expect(head).toContainText('最后上线');
  expect(await html()).toContain('<p>最后上线');
});

test('who hides when they were last there does not see it of others', async ({ enter, server }) => {
  const visitor = await enter('music-dev-3-b');
  await visitor.page.goto(`${server.url}/settings`);
  const seen = visitor.page.getByRole('group', { name: say('在线状态与最后上线时间') });
  await seen.getByRole('radio', { name: say('隐藏') }).check();
  await visitor.page.getByRole('button', { name: say('保存') }).click();
  await expect(seen.getByRole('radio', { name: say('隐藏') })).toBeChecked();
  await visitor.open();
  const one = new Messenger((await enter('music-dev-3-a')).page);
  const other = new Messenger(visitor.page);
  await one.choose('music-dev-3-b');
  await other.choose('music-dev-3-a');
  await other.composer.pressSequentially('还在');
  await expect(one.page.locator('.chat-head')).toContainText(say('正在输入…'));
  for (const me of [one, other]) {
    await expect(me.page.locator('.chat-head')).not.toContainText(say('在线'));
    await expect(me.page.locator('.chat-head')).not.toContainText(say('最后上线'));
  }
});

test('whoever hides when they were last there is no longer seen to be there, at once', FLOW, async ({ enter, server }) => {
  const watching = await enter('music-dev-3-a');
  const one = new Messenger(watching.page);
  const there = new Messenger((await enter('music-dev-3-b')).page);
  await one.choose('music-dev-3-b');
  await there.choose('music-dev-3-a');
  const head = (side: Messenger) => side.page.locator('.chat-head');
  for (const side of [one, there]) await expect(head(side)).toContainText(say('在线'));

  // They are there all the time, at one device; at another they hide it.
  const { page } = await enter('music-dev-3-b');
  await page.goto(`${server.url}/settings`);
  const seen = page.getByRole('group', { name: say('在线状态与最后上线时间') });
  const choose = async (what: string) => {
    await seen.getByRole('radio', { name: say(what) }).check();
    const saved = page.waitForEvent('framenavigated');
    await page.getByRole('button', { name: say('保存') }).click();
    await saved;
    await expect(seen.getByRole('radio', { name: say(what) })).toBeChecked();
  };
  await choose('隐藏');
  const hidden = async () => {
    for (const side of [one, there]) {
      await expect(head(side)).not.toContainText(say('在线'));
      await expect(head(side)).not.toContainText(say('最后上线'));
    }
  };
  await hidden();
  await glance(one.page);
  // As the server sends it, too.
  const html = async () => (await watching.context.request.get(watching.page.url())).text();
  expect(await html()).not.toContain(`<p>${say('在线')}</p>`);
  expect(await html()).not.toContain(`<p>${say('最后上线')}`);
  await watching.live(() => watching.page.reload());
  await expect(one.composer).toBeVisible();
  await hidden();

  // Whoever shows it again is seen, by who looks from then on.
  await choose('显示');
  await watching.live(() => watching.page.reload());
  await expect(head(one)).toContainText(say('在线'));
});
