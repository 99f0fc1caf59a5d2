import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Messenger } from './support/messenger.ts';
import { expect, test } from './support/test.ts';

const CONVERSATIONS = 130;

test('who scrolls to the end of the list finds conversations that rested for years, and finds them again', async ({
  server,
  visit,
}) => {
  const folder = await mkdtemp(join(tmpdir(), 'sixin-'));
  const lines = Array.from({ length: CONVERSATIONS }, (_, n) => {
    const at = 1_100_000_000_000 + n * 60_000;
    const said = (sender: string) => JSON.stringify({ chat: `old-${n}`, kind: 'direct', at, sender, text: `第 ${n} 个` });
    return `${said('rested')}\n${said(`peer-${n}`)}\n`;
  });
  await writeFile(join(folder, 'old.jsonl'), lines.join(''));
  await server.import(join(folder, 'old.jsonl'));
  await rm(folder, { recursive: true });

  const visitor = await visit();
  await visitor.enter('rested');
  const me = new Messenger(visitor.page);
  const rows = visitor.page.locator('.session-rows [data-id]');
  await expect(me.session('peer-129')).toBeVisible();
  await expect(me.session('peer-0')).toHaveCount(0);
  const list = visitor.page.locator('.session-rows');
  await expect(async () => {
    await list.evaluate(list => list.scrollTo(0, list.scrollHeight));
    await expect(rows).toHaveCount(CONVERSATIONS, { timeout: 1_000 });
  }).toPass({ timeout: 20_000 });
  await expect(visitor.page.getByRole('link', { name: '更早的会话' })).toHaveCount(0);
  await me.choose('peer-0');
  await expect(me.message('第 0 个').first()).toBeVisible();

  // What was loaded is kept on this device.
  await visitor.stored();
  await visitor.live(() => visitor.page.reload());
  await expect(visitor.page.getByRole('link', { name: '更早的会话' })).toHaveCount(0);
});
