import { Messenger } from './support/messenger.ts';
import { withoutSeals } from './support/sealing.ts';
import { Server } from './support/server.ts';
import { expect, test as base } from './support/test.ts';

const test = base.extend({
  /** A server that takes sealed bodies only. */
  server: async ({ imported }, use) => {
    const folder = await imported.copy();
    const server = new Server(folder, { SIXIN_SEALED_BODIES: 'required' });
    await server.start();
    await use(server);
    await server.stop();
    await folder.remove();
    expect(server.log, 'the server complains of nothing').toBe('');
  },
});

test('where sealing is required everything goes on', async ({ enter }) => {
  const [one, two] = [await enter('film-dev-3-a'), await enter('film-dev-3-b')];
  const [a, b] = [new Messenger(one.page), new Messenger(two.page)];
  await a.choose('film-dev-3-b');
  await a.send('在吗');
  await expect(b.session('film-dev-3-a')).toContainText('1 条未读消息');
  await b.choose('film-dev-3-a');
  await expect(a.mark('在吗', '已读')).toBeVisible();
  await a.act(a.message('在吗'), '撤回');
  await expect(b.message('在吗')).toHaveCount(0);
});

test('where sealing is required a browser that cannot seal is told why its message stays', async ({ visit }) => {
  const visitor = await visit();
  visitor.watch.allow(/answer 400, sealed again|status of 400/);
  await withoutSeals(visitor.context);
  await visitor.enter('film-dev-3-a');
  const me = new Messenger(visitor.page);
  await me.choose('film-dev-3-b');
  await me.send('发不出去');
  await expect(me.mark('发不出去', '发送失败')).toBeVisible();
  await expect(visitor.page.getByText('无法加密请求，请使用 HTTPS 和新版浏览器').first()).toBeVisible();
});
