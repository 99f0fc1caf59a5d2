import type { Page } from '@playwright/test';
import { Messenger } from './support/messenger.ts';
import { PASSWORD, type Server } from './support/server.ts';
import { expect, FLOW, test, type Visitor } from './support/test.ts';

// They write to each other, so that each may send what the other wrote.
const [ME, OTHER] = ['travel-dev-0-a', 'travel-dev-0-b'];

/** A browser whose one page shows a conversation of somebody's, and whose other page still shows the form for logging in. */
async function withForm(visit: () => Promise<Visitor>, server: Server): Promise<{ visitor: Visitor; form: Page }> {
  const visitor = await visit();
  const { page: form } = await visitor.tab();
  await form.goto(`${server.url}/login`);
  await visitor.enter(ME);
  await new Messenger(visitor.page).choose(OTHER);
  visitor.watch.allow(/answer 401|status of 401/);
  return { visitor, form };
}

/** Logs the other in by the form: from now on the browser's cookie is theirs. */
async function logInOther(form: Page): Promise<void> {
  await form.locator('[name=handle]').fill(OTHER);
  await form.locator('[name=password]').fill(PASSWORD);
  await form.locator('[name=password]').press('Enter');
  await form.waitForURL(url => url.pathname === '/');
  await expectListOfOther(form);
}

/** The page shows the list of the other, and nothing else. */
async function expectListOfOther(page: Page): Promise<void> {
  await expect(page).toHaveURL(url => url.pathname === '/');
  const messenger = new Messenger(page);
  await expect(messenger.session(ME)).toBeVisible();
  await expect(messenger.session(OTHER)).toHaveCount(0);
  await expect(messenger.log).toHaveCount(0);
}

test('what is written on a page is not sent by who has logged in on another page since', FLOW, async ({ server, visit }) => {
  const { visitor, form } = await withForm(visit, server);
  const me = new Messenger(visitor.page);
  await me.composer.fill('是谁写的');
  await logInOther(form);
  // The page may be gone already, for what it asked by itself.
  await visitor.page.keyboard.press('Enter');
  await expectListOfOther(visitor.page);
  await expect(visitor.page.getByText('是谁写的')).toHaveCount(0);

  const program = await server.program(OTHER);
  expect(await program.texts(await program.conversation())).not.toContain('是谁写的');
});

test('a page that connects anew shows nothing to who has logged in on another page since', async ({ server, visit }) => {
  const { visitor, form } = await withForm(visit, server);
  await logInOther(form);
  visitor.watch.allowOutage();
  await server.kill();
  await server.start();
  await expectListOfOther(visitor.page);
});

test('who has just logged in sees nothing that the browser keeps of another, though the server is slow', async ({ enter, server }) => {
  const visitor = await enter(ME);
  const messenger = new Messenger(visitor.page);
  await messenger.choose(OTHER);
  await visitor.stored();
  await visitor.page.goto('about:blank');
  // The login ends while no page could hear of it.
  await visitor.context.clearCookies();
  const form = { handle: 'travel-dev-1-a', password: PASSWORD };
  const options = { form, headers: { origin: server.url }, maxRedirects: 0 };
  expect((await visitor.context.request.post(`${server.url}/login`, options)).status()).toBe(303);

  server.pause();
  await visitor.page.goto(server.url);
  await expect(visitor.page.locator('#shell')).toBeVisible();
  // For longer than a page takes that finds something.
  await visitor.page.waitForTimeout(2_000);
  await expect(messenger.session(OTHER)).toHaveCount(0);
  server.resume();
  await visitor.open();
  await expect(messenger.session('travel-dev-1-b')).toBeVisible();
  await expect(messenger.session(OTHER)).toHaveCount(0);
  const id = await (await server.program('travel-dev-1-a')).id();
  const databases = () => visitor.page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
  await expect.poll(databases).toEqual([`sixin-${id}`]);
  await visitor.stored();
  // From now on it is the own page that a browser keeps.
  server.pause();
  await visitor.page.reload();
  await expect(messenger.session('travel-dev-1-b')).toBeVisible();
  server.resume();
});
