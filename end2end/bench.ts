import type { Page } from '@playwright/test';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Messenger } from './support/messenger.ts';
import { CONVERSATIONS, Folder, PASSWORD } from './support/server.ts';
import { expect, test as base } from './support/test.ts';
import { say, titled } from './support/words.ts';

// What a page takes, for `make bench ARGS="page"`: a line of JSON for each figure of each round goes into a file. What is
// measured how, `docs/BENCHMARKS.md` tells.

const LONG = 100_000;
const PRESSES = 60;
const MESSAGES = 40;
const READINGS = 10;
const FRAMES = 600;
/** How far a frame scrolls, in pixels. */
const STRIDE = 100;

declare global {
  interface Window {
    /** When a frame came last, by the page's clock. */
    heard: number;
    /** The memory of the front end. */
    memory: WebAssembly.Memory;
    /** How long each character took, and each message, in milliseconds. */
    presses: number[];
    messages: number[];
  }
}

async function record(figure: string, value: number): Promise<void> {
  await appendFile(process.env.SIXIN_FIGURES!, `${JSON.stringify({ figure, value })}\n`);
}

/** The value below which this share of them lies. */
function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

const test = base.extend<object, { imported: Folder }>({
  imported: [
    async ({}, use) => {
      const scratch = await mkdtemp(join(tmpdir(), 'sixin-bench-'));
      const lines = Array.from({ length: LONG }, (_, n) => {
        const text = `${n} ${'这是一段话。'.repeat(n % 7)}`;
        const sender = n % 3 === 0 ? 'reader' : 'writer';
        return JSON.stringify({ chat: 'long', kind: 'direct', at: 1_400_000_000_000 + n * 60_000, sender, text });
      });
      await writeFile(join(scratch, 'long.jsonl'), lines.join('\n'));
      const folder = await Folder.empty();
      await folder.import(join(scratch, 'long.jsonl'));
      await folder.import(join(CONVERSATIONS, 'kdconv.jsonl'));
      await use(folder);
      await folder.remove();
      await rm(scratch, { recursive: true });
    },
    { scope: 'worker' },
  ],
});

/** Notes when the page opens its connection, when frames come, and where its memory is. */
async function watch(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const { WebSocket, WebAssembly } = window;
    window.WebSocket = class extends WebSocket {
      constructor(...of: ConstructorParameters<typeof WebSocket>) {
        performance.mark('live');
        super(...of);
        this.addEventListener('message', () => (window.heard = performance.now()));
      }
    };
    const start = WebAssembly.instantiateStreaming;
    WebAssembly.instantiateStreaming = async (...of) => {
      const started = await start(...of);
      window.memory = started.instance.exports.memory as WebAssembly.Memory;
      return started;
    };
  });
}

for (const slow of [false, true]) {
  test(`a first visit, ${slow ? 'on a slow device' : 'on this machine'}`, async ({ visit, server }) => {
    const { page, context } = await visit();
    const login = { handle: 'travel-dev-0-a', password: PASSWORD };
    await context.request.post(`${server.url}/api/v1/logins`, { data: login });
    await watch(page);
    if (slow) {
      const devtools = await context.newCDPSession(page);
      await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 });
      const rate = 9_000_000 / 8;
      const network = { offline: false, latency: 20, downloadThroughput: rate, uploadThroughput: rate };
      await devtools.send('Network.emulateNetworkConditions', network);
    }
    await page.goto(server.url);
    await page.waitForFunction(() => performance.getEntriesByName('live').length > 0);
    const times = await page.evaluate(() => {
      const at = (name: string) => performance.getEntriesByName(name)[0]!.startTime;
      return [at('first-contentful-paint'), at('live')] as const;
    });
    await record(slow ? 'slow_readable' : 'readable', times[0]);
    await record(slow ? 'slow_usable' : 'usable', times[1]);
  });
}

test('a conversation in use', async ({ visit, server }) => {
  const visitor = await visit();
  const { page } = visitor;
  await watch(page);
  await visitor.enter('travel-dev-1-a');
  const me = new Messenger(page);
  await me.choose('travel-dev-1-b');
  const peer = await server.program('travel-dev-1-b');
  const conversation = await peer.conversation();

  // From the press until its character is laid out, with everything that hangs on it.
  await page.evaluate(() => {
    window.presses = [];
    let pressed = 0;
    addEventListener('keydown', event => (pressed = event.timeStamp), true);
    addEventListener('input', () => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        document.body.getBoundingClientRect();
        window.presses.push(performance.now() - pressed);
      };
      port2.postMessage(null);
    });
  });
  await me.composer.pressSequentially('a'.repeat(PRESSES), { delay: 20 });
  await expect.poll(() => page.evaluate(() => window.presses.length)).toBe(PRESSES);
  await record('press', quantile(await page.evaluate(() => window.presses), 0.95));
  await me.composer.fill('');

  // From Enter until one's own message is laid out, and from a frame until the message in it is.
  await page.evaluate(() => {
    window.messages = [];
    let pressed = 0;
    addEventListener('keydown', event => (pressed = event.timeStamp), true);
    const shown = new Set(Array.from(document.querySelectorAll('[role=log] article'), row => row.textContent));
    new MutationObserver(() => {
      for (const row of document.querySelectorAll('[role=log] article')) {
        const text = /(own|other) \d+;/.exec(row.textContent)?.[0];
        if (text === undefined || shown.has(text)) continue;
        shown.add(text);
        row.getBoundingClientRect();
        window.messages.push(performance.now() - (text.startsWith('own') ? pressed : window.heard));
      }
    }).observe(document.querySelector('[role=log]')!, { subtree: true, childList: true });
  });
  for (const [figure, say] of [
    ['own', (n: number) => me.send(`own ${n};`)],
    ['received', (n: number) => peer.send(conversation, `other ${n};`)],
  ] as const) {
    await page.evaluate(() => (window.messages = []));
    for (let n = 1; n <= MESSAGES; n++) {
      await say(n);
      await expect.poll(() => page.evaluate(() => window.messages.length), { intervals: [20] }).toBe(n);
    }
    await record(figure, quantile(await page.evaluate(() => window.messages), 0.95));
  }

  // What stays after many messages more.
  const devtools = await visitor.context.newCDPSession(page);
  const kept = async () => {
    await devtools.send('HeapProfiler.collectGarbage');
    const { usedSize } = await devtools.send('Runtime.getHeapUsage');
    return usedSize + (await page.evaluate(() => window.memory.buffer.byteLength));
  };
  const receive = async (from: number, to: number) => {
    for (let n = from; n <= to; n++) await peer.send(conversation, `more ${n}`);
    await expect(me.message(`more ${to}`)).toBeVisible();
  };
  await receive(1, 500);
  const before = await kept();
  await receive(501, 2_500);
  const after = await kept();
  await record('kept', after / 1e6);
  await record('growth', after / before);
});

test('a long conversation is scrolled', async ({ enter }) => {
  const { page } = await enter('reader');
  const me = new Messenger(page);
  await me.choose('writer');
  await expect(me.messages.last()).toBeVisible();
  const { times, nodes, oldest } = await page.evaluate(
    ([frames, stride]) =>
      new Promise<{ times: number[]; nodes: number; oldest: number }>(resolve => {
        const log = document.querySelector('[role=log]')!;
        const times: number[] = [];
        let nodes = 0;
        const step = (now: number) => {
          times.push(now);
          log.scrollTop -= stride!;
          nodes = Math.max(nodes, document.getElementsByTagName('*').length);
          if (times.length < frames!) return requestAnimationFrame(step);
          const oldest = Number(log.querySelector('[data-seq]')!.getAttribute('data-seq'));
          return resolve({ times, nodes, oldest });
        };
        requestAnimationFrame(step);
      }),
    [FRAMES, STRIDE],
  );
  await record('frames', ((times.length - 1) * 1_000) / (times.at(-1)! - times[0]!));
  await record('longest_frame', quantile(times.slice(1).map((time, n) => time - times[n]!), 0.99));
  await record('nodes', nodes);
  await record('passed', LONG - oldest);
});

test('two tabs', async ({ enter, server }) => {
  const first = await enter('travel-dev-2-a');
  const second = await first.tab();
  await second.open();
  const me = new Messenger(first.page);
  const peer = await server.program('travel-dev-2-b');
  const conversation = await peer.conversation();
  const apart: number[] = [];
  for (let n = 0; n < READINGS; n++) {
    await peer.send(conversation, `未读 ${n}`);
    for (const { page } of [first, second]) await expect(page).toHaveTitle(titled(1));
    const times = [first, second].map(({ page }) =>
      page.evaluate(
        () =>
          new Promise<number>(resolve => {
            const look = () => document.title.startsWith('(') || resolve(performance.timeOrigin + performance.now());
            new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
          }),
      ),
    );
    await first.page.bringToFront();
    await me.choose('travel-dev-2-b');
    const [here, there] = await Promise.all(times);
    apart.push(there! - here!);
    await first.page.getByRole('link', { name: '消息', exact: true }).click();
    await expect(first.page.getByText(say('选择一个会话开始聊天'))).toBeVisible();
  }
  await record('tabs', quantile(apart, 0.5));
  await record('tabs_slowest', Math.max(...apart));
});
