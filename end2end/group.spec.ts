import { Messenger } from './support/messenger.ts';
import { expect, test } from './support/test.ts';
import { say } from './support/words.ts';

const GROUP = 'ubuntu-2004-12-25.train-c';

test('members of an imported group read it, send to it, and hear each other', async ({ enter }) => {
  const one = new Messenger((await enter('kleedrac')).page);
  const two = new Messenger((await enter('crimsun')).page);
  for (const side of [one, two]) {
    await side.choose(GROUP);
    await expect(side.page.getByText(say('{} 位成员', 38))).toBeVisible();
    await expect(side.messages.last()).toContainText('our desktops can be complete crap');
    await expect(side.messages.last()).toContainText('daniels');
  }
  await one.send('Morning all. Did anybody try the new totem?');
  await expect(two.message('Morning all. Did anybody try the new totem?')).toContainText('kleedrac');
  await two.send('kleedrac: works for me 🎉');
  await expect(one.message('kleedrac: works for me 🎉')).toContainText('crimsun');
  await one.showList();
  await expect(one.session(GROUP)).toContainText(say('{}：{}', 'crimsun', 'kleedrac: works for me 🎉'));
});

test('a group shows neither 已送达 nor 已读', async ({ enter }) => {
  const one = new Messenger((await enter('kleedrac')).page);
  const two = new Messenger((await enter('crimsun')).page);
  await one.choose(GROUP);
  await two.choose(GROUP);
  await one.send('one');
  await expect(two.message('one')).toBeInViewport();
  await two.send('two');
  await expect(one.message('two')).toBeInViewport();
  await expect(one.mark('one', say('已发送'))).toBeVisible();
});

test('messages of one sender within five minutes stand as one group', async ({ enter }) => {
  const me = new Messenger((await enter('crimsun')).page);
  await me.choose(GROUP);
  await me.send('first');
  await me.send('second');
  await expect(me.message('first')).toContainText('我');
  await expect(me.message('second').getByText('我', { exact: true })).toHaveCount(0);
});
