import { Messenger } from './support/messenger.ts';
import { expect, FLOW, test } from './support/test.ts';
import { say } from './support/words.ts';

const GROUP = 'ubuntu-2004-12-25.train-c';

test('a group shows how many have read one’s own message, and who', FLOW, async ({ enter }) => {
  const sender = await enter('kleedrac');
  const me = new Messenger(sender.page);
  await me.choose(GROUP);
  await me.send('who is around?');
  await expect(me.mark('who is around?', say('已发送'))).toBeVisible();
  const count = me.message('who is around?').getByRole('button', { name: /人已读$|^Read by/ });
  await expect(count).toHaveCount(0);

  const one = new Messenger((await enter('crimsun')).page);
  await one.choose(GROUP);
  await expect(count).toHaveText(say('{} 人已读', 1));
  const two = new Messenger((await enter('wood1')).page);
  await two.choose(GROUP);
  await expect(count).toHaveText(say('{} 人已读', 2));
  // Another's message tells nothing of who read it.
  await expect(one.message('who is around?').getByRole('button', { name: /人已读|^Read by/ })).toHaveCount(0);

  await count.click();
  const dialog = me.page.getByRole('dialog', { name: say('{} 人已读', 2) });
  await expect(dialog.getByRole('listitem')).toHaveCount(2);
  await expect(dialog).toContainText('crimsun');
  await expect(dialog).toContainText('wood1');
  await me.page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();

  await me.act(me.message('who is around?'), say('已读成员'));
  await expect(dialog.getByRole('listitem')).toHaveCount(2);
  await me.page.keyboard.press('Escape');
  await sender.open(new URL(sender.page.url()).pathname);
  await expect(count).toHaveText(say('{} 人已读', 2));
});

test('who turns receipts off tells nobody what was read, and is told nothing; their own devices still agree', FLOW, async ({
  enter,
}) => {
  const text = '看到了吗？';
  const quiet = await enter('film-dev-6-a');
  await quiet.page.getByRole('link', { name: say('设置') }).click();
  const receipts = quiet.page.getByRole('group', { name: say('已读回执') });
  await expect(receipts.getByRole('radio', { name: say('开启|回执') })).toBeChecked();
  await receipts.getByRole('radio', { name: say('关闭|回执') }).check();
  await quiet.page.getByRole('button', { name: say('保存') }).click();
  await expect(receipts.getByRole('radio', { name: say('关闭|回执') })).toBeChecked();
  await expect(receipts).toContainText(say('你也看不到别人的'));
  await quiet.open();
  const a = new Messenger(quiet.page);
  const other = new Messenger((await enter('film-dev-6-a')).page);
  const b = new Messenger((await enter('film-dev-6-b')).page);
  await b.choose('film-dev-6-a');
  await b.send(text);
  await expect(other.session('film-dev-6-b').getByText(say('{} 条未读消息', 1))).toBeAttached();
  await a.choose('film-dev-6-b');
  await expect(a.message(text)).toBeInViewport();
  await expect(other.session('film-dev-6-b')).not.toContainText(say('未读'));
  await expect(b.mark(text, say('已发送'))).toBeVisible();

  await other.choose('film-dev-6-b');
  await b.send('第二句');
  await expect(other.message('第二句')).toBeInViewport();
  await expect(b.mark('第二句', say('已发送'))).toBeVisible();
});

test('receipts are switched without scripts', async ({ visit }) => {
  const visitor = await visit({ javaScriptEnabled: false });
  await visitor.login('film-dev-6-b');
  const page = visitor.page;
  await page.getByRole('link', { name: say('设置') }).first().click();
  await page.getByRole('radio', { name: say('关闭|回执') }).check();
  await page.getByRole('button', { name: say('保存') }).click();
  await expect(page.getByRole('radio', { name: say('关闭|回执') })).toBeChecked();
  await expect(page.getByRole('group', { name: say('已读回执') })).toContainText('你也看不到别人的');
});
