import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Messenger } from './support/messenger.ts';
import { Folder, WORKSPACE } from './support/server.ts';
import { expect, test as base } from './support/test.ts';

const CORPUS = join(WORKSPACE, '../shared/corpus');
const CHATS = 3;

/** All dialogues of one file, and the first groups of the other. */
const test = base.extend<object, { imported: Folder }>({
  imported: [
    async ({}, use) => {
      const scratch = await mkdtemp(join(tmpdir(), 'sixin-corpus-'));
      const lines = gunzipSync(await readFile(join(CORPUS, 'ubuntu-irc.jsonl.gz'))).toString().split('\n');
      const chats = new Set<string>();
      const few = lines.filter(line => line !== '' && chats.add(JSON.parse(line).chat).size <= CHATS);
      const excerpt = join(scratch, 'ubuntu-irc.jsonl');
      await writeFile(excerpt, few.join('\n'));
      const folder = await Folder.empty();
      await folder.import(join(CORPUS, 'kdconv-zh.jsonl.gz'));
      await folder.import(excerpt);
      await use(folder);
      await folder.remove();
      await rm(scratch, { recursive: true });
    },
    { scope: 'worker' },
  ],
});

test.describe(() => {
  test.skip(!existsSync(CORPUS), `the corpus is not at ${CORPUS}`);

  test('whole imported conversations are read to their beginning, and answered', async ({ enter }) => {
    const one = new Messenger((await enter('travel-dev-99-a')).page);
    const two = new Messenger((await enter('travel-dev-99-b')).page);
    await one.choose('travel-dev-99-b');
    await two.choose('travel-dev-99-a');
    await one.send('后来去了吗？');
    await expect(two.message('后来去了吗？')).toBeVisible();
    await expect(one.mark('后来去了吗？', '已读')).toBeVisible();
  });

  test('somebody in several groups has each of them in the list', async ({ enter }) => {
    const visitor = await enter('farruinn');
    const me = new Messenger(visitor.page);
    await expect(me.sessions).toHaveCount(CHATS);
    await me.sessions.last().getByRole('link').click();
    await me.log.hover();
    await expect(async () => {
      await visitor.page.mouse.wheel(0, -8000);
      const seqs = await me.seqs();
      expect(seqs).toEqual(Array.from(seqs, (_, n) => seqs[0]! + n));
      expect(seqs[0]).toBe(1);
    }).toPass({ intervals: [20], timeout: 40_000 });
  });
});
