import { test as base, type BrowserContext, type BrowserContextOptions, expect, type Page } from '@playwright/test';
import { join } from 'node:path';
import { CONVERSATIONS, Folder, PASSWORD, Server } from './server.ts';
import { Watch } from './watch.ts';

export { expect };

/** A flow: it runs in both languages, on a desk and on a phone. */
export const FLOW = { tag: '@flow' };

/** One person at one browser: a context of its own, and a page in it. */
export class Visitor {
  constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    readonly watch: Watch,
    private readonly server: Server,
  ) {}

  /**
   * Goes to a page of the messenger and waits until it is live: until its script has opened the push connection, or
   * syncs over that of another tab.
   */
  async open(path = '/'): Promise<void> {
    await this.live(() => this.page.goto(this.server.url + path));
  }

  /** Waits until the page that an action leads to is live. */
  async live(action: () => Promise<unknown>): Promise<void> {
    const socket = this.page.waitForEvent('websocket');
    const sync = this.page.waitForResponse(/\/api\/v1\/sync/);
    const live = Promise.race([socket, sync]);
    await action();
    await live;
  }

  /** Logs in by the API, as fast as can be. */
  async enter(handle: string): Promise<void> {
    const answer = await this.context.request.post(`${this.server.url}/api/v1/logins`, {
      data: { handle, password: PASSWORD },
    });
    expect(answer.status()).toBe(201);
    await this.open();
  }

  /** Logs in by the form. */
  async login(handle: string, password = PASSWORD): Promise<void> {
    await this.page.goto(`${this.server.url}/login`);
    await this.page.locator('[name=handle]').fill(handle);
    await this.page.locator('[name=password]').fill(password);
    await this.page.locator('[name=password]').press('Enter');
    await this.page.waitForURL(url => url.pathname === '/');
  }

  /** Waits until the browser could start the messenger without a server, with everything shown here stored. */
  async stored(): Promise<void> {
    await this.page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      if (navigator.serviceWorker.controller === null) {
        await new Promise(resolve => navigator.serviceWorker.addEventListener('controllerchange', resolve));
      }
    });
    // The device writes at most every half second. The timers of a page ring in their order, and what is read after a
    // write waits for it: so everything that was to be written is.
    await this.page.evaluate(async () => {
      await new Promise(resolve => setTimeout(resolve, 700));
      for (const { name } of await indexedDB.databases()) {
        const database = await new Promise<IDBDatabase>((resolve, reject) => {
          const request = indexedDB.open(name!);
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
        await new Promise(resolve => {
          const [store] = database.objectStoreNames;
          const reading = database.transaction(database.objectStoreNames);
          reading.oncomplete = resolve;
          reading.objectStore(store!).count();
        });
        database.close();
      }
    });
  }

  /** Another tab of the same browser. */
  async tab(): Promise<Visitor> {
    const page = await this.context.newPage();
    return new Visitor(page, this.context, this.watch, this.server);
  }
}

interface Fixtures {
  /** A server of this test's own, with the imported conversations. */
  server: Server;
  /** A browser that nobody is logged in with. */
  visit: (options?: BrowserContextOptions) => Promise<Visitor>;
  /** A browser with somebody logged in, at the list of conversations, live. */
  enter: (handle: string, options?: BrowserContextOptions) => Promise<Visitor>;
}

export const test = base.extend<Fixtures, { imported: Folder }>({
  imported: [
    async ({}, use) => {
      const folder = await Folder.empty();
      await folder.import(join(CONVERSATIONS, 'kdconv.jsonl'));
      await folder.import(join(CONVERSATIONS, 'ubuntu-irc.jsonl'));
      await use(folder);
      await folder.remove();
    },
    { scope: 'worker' },
  ],

  server: async ({ imported }, use) => {
    const folder = await imported.copy();
    const server = new Server(folder);
    await server.start();
    await use(server);
    await server.stop();
    await folder.remove();
    expect(server.log, 'the server complains of nothing').toBe('');
  },

  visit: async ({ browser, javaScriptEnabled, server }, use) => {
    const visitors: Visitor[] = [];
    await use(async options => {
      const context = await browser.newContext(options);
      const watch = await Watch.over(context);
      // The browser has been told not to run it.
      if (!(options?.javaScriptEnabled ?? javaScriptEnabled)) watch.allow(/\/pkg\/sixin(_bg)?\.(js|wasm)/);
      const visitor = new Visitor(await context.newPage(), context, watch, server);
      visitors.push(visitor);
      return visitor;
    });
    const problems = visitors.flatMap(visitor => visitor.watch.end());
    await Promise.all(visitors.map(visitor => visitor.context.close()));
    expect(problems, 'no browser complains of anything').toEqual([]);
  },

  enter: async ({ visit }, use) => {
    await use(async (handle, options) => {
      const visitor = await visit(options);
      await visitor.enter(handle);
      return visitor;
    });
  },
});
