/**
 * Draws `docs/screenshot.png`: a messenger with conversations of the data sets in it. The texts are theirs; names and
 * times are given here, and a few messages are sent at the end, so that it looks as it does in use. With
 * SIXIN_SCREENSHOTS=FOLDER it also draws the other appearances into that folder.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Messenger } from './support/messenger.ts';
import { CONVERSATIONS, Folder, Server, WORKSPACE } from './support/server.ts';
import { test as base, type Visitor } from './support/test.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const GROUP = '#ubuntu';
const ME = 'qazwer';

/** Each dialogue: with whom, which side is oneself, how long ago it ended, and what comes later. */
const DIALOGUES: Record<string, { peer: string; own: 'a' | 'b'; ago: number; later?: string[] }> = {
  'travel-dev-4': { peer: '周雨桐', own: 'a', ago: 9 * MINUTE },
  'film-dev-6': { peer: '陈亦凡', own: 'b', ago: 2 * HOUR, later: ['对了，周六的票我买好了 🎬', '两张，第七排'] },
  'music-dev-4': { peer: 'Maya Lindqvist', own: 'a', ago: 5 * HOUR },
  'film-dev-1': { peer: '赵小满', own: 'a', ago: DAY + HOUR },
  'music-dev-3': { peer: '王五', own: 'b', ago: 1.2 * DAY },
  'travel-dev-5': { peer: '何晴', own: 'a', ago: 2.1 * DAY },
  'music-dev-0': { peer: '李四', own: 'b', ago: 3.2 * DAY },
  'film-dev-4': { peer: '苏木', own: 'a', ago: 4.4 * DAY },
  'travel-dev-0': { peer: '许知远', own: 'a', ago: 9 * DAY },
};

interface Line {
  chat: string;
  at: number;
  sender: string;
}

async function lines(file: string): Promise<Line[]> {
  const text = await readFile(join(CONVERSATIONS, file), 'utf8');
  return text.trimEnd().split('\n').map(line => JSON.parse(line));
}

/** The conversations as one person's, moved to the last days. */
async function retold(): Promise<string> {
  const now = Date.now();
  const dialogues = (await lines('kdconv.jsonl')).filter(line => line.chat in DIALOGUES);
  const group = await lines('ubuntu-irc.jsonl');
  const ends = new Map([...dialogues, ...group].map(line => [line.chat, line.at]));
  const moved = (line: Line, ago: number) => line.at - ends.get(line.chat)! + now - ago;
  const told = dialogues.map(line => {
    const { peer, own, ago } = DIALOGUES[line.chat]!;
    return { ...line, at: moved(line, ago), sender: line.sender.endsWith(own) ? ME : peer };
  });
  const heard = group.map(line => ({ ...line, chat: GROUP, at: moved(line, 40 * MINUTE) }));
  return [...told, ...heard].map(line => JSON.stringify(line)).join('\n');
}

const test = base.extend<object, { imported: Folder }>({
  imported: [
    async ({}, use) => {
      const folder = await Folder.empty();
      const file = join(folder.path, 'retold.jsonl');
      await writeFile(file, await retold());
      await folder.import(file);
      await use(folder);
      await folder.remove();
    },
    { scope: 'worker' },
  ],
});

test('draws the messenger', async ({ enter, server }) => {
  const peer = await enterAs(server, enter, '周雨桐');
  for (const [chat, { peer, later }] of Object.entries(DIALOGUES)) {
    if (later === undefined) continue;
    const program = await server.program(await handleOf(server, peer));
    for (const text of later) await program.send(await program.conversation(), text);
    test.info().annotations.push({ type: 'sent', description: chat });
  }
  const crimsun = await server.program('crimsun');
  await crimsun.send(await crimsun.conversation(), 'bluewheel: same here, the new server option is great 🎉');

  const visitor = await enter(ME);
  const me = new Messenger(visitor.page);
  await me.choose('赵小满');
  await me.composer.fill('明天下午三点可以吗');
  await me.choose('周雨桐');
  const theirs = new Messenger(peer.page);
  await theirs.choose(ME);
  await theirs.send('那周末一起去三里屯走走？😄');
  await me.message('那周末一起去三里屯走走？😄').waitFor();
  await me.send('好呀，周六下午两点，地铁站见 👍');
  await me.mark('好呀，周六下午两点，地铁站见 👍', '已读').waitFor();
  await peer.page.close();
  await me.send('我先查一下哪家咖啡馆好 ☕');
  await me.mark('我先查一下哪家咖啡馆好 ☕', '已发送').waitFor();
  await visitor.page.mouse.move(700, 400);
  await visitor.page.screenshot({ path: join(WORKSPACE, 'docs/screenshot.png') });

  const folder = process.env.SIXIN_SCREENSHOTS;
  if (folder !== undefined) await variants(visitor, folder);
});

async function variants(visitor: Visitor, folder: string): Promise<void> {
  const page = visitor.page;
  const draw = (name: string) => page.screenshot({ path: join(folder, `${name}.png`) });
  await page.getByRole('button', { name: '表情' }).click();
  await page.getByRole('gridcell').first().waitFor();
  await draw('emoji');
  await page.getByRole('button', { name: '改为深色外观' }).click();
  await draw('emoji-dark');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: '表情' }).click();
  await draw('dark');
  const conversation = page.url();
  await page.getByRole('link', { name: GROUP }).click();
  await page.getByRole('heading', { level: 2, name: GROUP }).waitFor();
  await draw('group-dark');
  await page.getByRole('link', { name: '新会话' }).click();
  await page.getByRole('searchbox', { name: '输入用户名或昵称' }).fill('a');
  await page.getByRole('dialog').getByRole('listitem').first().waitFor();
  await draw('find-dark');
  await page.goto(new URL('/settings', conversation).href);
  await draw('settings-dark');
  await page.getByRole('radio', { name: 'English' }).check();
  await page.getByRole('radio', { name: '浅色' }).check();
  await page.getByRole('button', { name: '保存' }).click();
  await draw('settings');
  await page.goto(new URL('/devices', conversation).href);
  await draw('devices');
  await visitor.open(new URL(conversation).pathname);
  await draw('english');
  await page.setViewportSize({ width: 390, height: 844 });
  await draw('narrow-chat');
  await page.getByRole('button', { name: 'Emoji' }).click();
  await page.getByRole('gridcell').first().waitFor();
  await draw('narrow-emoji');
  await visitor.open();
  await draw('narrow-list');
  await page.goto(new URL('/settings', conversation).href);
  await page.getByRole('button', { name: 'Log out' }).click();
  await draw('login');
}

async function handleOf(server: Server, name: string): Promise<string> {
  return (await server.program(ME)).handleOf(name);
}

async function enterAs(server: Server, enter: (handle: string) => Promise<Visitor>, name: string): Promise<Visitor> {
  return enter(await handleOf(server, name));
}
