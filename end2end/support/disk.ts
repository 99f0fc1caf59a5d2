import type { Page } from '@playwright/test';

type Mode = 'free' | 'full' | 'late' | 'failed';

/** What the pages of a test can be asked about their disk. */
interface State {
  mode: Mode;
  /** Writes of more than what a person wrote that were begun. */
  begun: number;
  /** One of them stands in the middle. */
  held: boolean;
  /** Those that came to nothing. */
  refused: number;
}

/** The disk of a page's browser, which has room until it is told otherwise. */
export class Disk {
  private constructor(private readonly page: Page) {}

  /** To be asked for before the page is opened. */
  static async of(page: Page): Promise<Disk> {
    await page.addInitScript(install);
    return new Disk(page);
  }

  /** Whatever needs room fails from here on, as it does when the quota is reached: when it is to be committed. */
  async fill(): Promise<void> {
    await this.set('full');
  }

  /** The next write of more than what a person wrote goes on until it is let go; others succeed. */
  async holdNext(): Promise<void> {
    await this.set('late');
  }

  /** Lets the write go that is held: it succeeds, or fails. */
  async release(end: 'done' | 'failed'): Promise<void> {
    await this.set(end === 'done' ? 'free' : 'failed');
  }

  private async set(mode: Mode): Promise<void> {
    await this.page.evaluate(mode => ((window as any).disk.mode = mode), mode);
  }

  /** How many writes of more than what a person wrote were begun. */
  async begun(): Promise<number> {
    return this.page.evaluate(() => (window as any).disk.begun);
  }

  async held(): Promise<boolean> {
    return this.page.evaluate(() => (window as any).disk.held);
  }

  /** How many of them came to nothing. */
  async refused(): Promise<number> {
    return this.page.evaluate(() => (window as any).disk.refused);
  }
}

/** What a browser keeps in its databases, by the names of the stores: every value as a text, at one moment. */
export function kept(page: Page): Promise<Record<string, string[]>> {
  return page.evaluate(async () => {
    const found: Record<string, string[]> = {};
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(name!);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const stores = [...database.objectStoreNames];
      const reading = database.transaction(stores);
      const all = stores.map(store => [store, reading.objectStore(store).getAll()] as const);
      await new Promise(resolve => (reading.oncomplete = resolve));
      database.close();
      for (const [store, { result }] of all) {
        found[store] = [...(found[store] ?? []), ...result.map(value => (typeof value === 'string' ? value : `${value}`))];
      }
    }
    return found;
  });
}

/** What a browser keeps of what the engine gives, in one text. */
export async function known(page: Page): Promise<string> {
  const { device, users, conversations, timelines } = await kept(page);
  return [device, users, conversations, timelines].flat().join('\n');
}

/** Everything that a browser keeps in its databases, in one text. */
export async function everything(page: Page): Promise<string> {
  return Object.values(await kept(page)).flat().join('\n');
}

/** Makes what waits to be sent older. */
export function age(page: Page, millis: number): Promise<void> {
  return page.evaluate(async by => {
    const [{ name }] = await indexedDB.databases();
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open(name!);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const outbox = database.transaction('outbox', 'readwrite').objectStore('outbox');
    await new Promise<void>((resolve, reject) => {
      outbox.transaction.oncomplete = () => resolve();
      outbox.transaction.onerror = () => reject(outbox.transaction.error);
      outbox.openCursor().onsuccess = event => {
        const cursor = (event.target as IDBRequest<IDBCursorWithValue | null>).result;
        if (!cursor) return;
        const unsent = JSON.parse(cursor.value);
        cursor.update(JSON.stringify({ ...unsent, at: unsent.at - by }));
        cursor.continue();
      };
    });
    database.close();
  }, millis);
}

/** Runs in the page, before its own scripts. */
function install(): void {
  const disk: State = ((window as any).disk = { mode: 'free', begun: 0, held: false, refused: 0 });
  const engine = ['device', 'users', 'conversations', 'timelines'];
  /** The transactions that need room, and whether it is for what the engine gives. */
  const growing = new WeakMap<IDBTransaction, boolean>();
  const { put } = IDBObjectStore.prototype;
  const { commit } = IDBTransaction.prototype;
  IDBObjectStore.prototype.put = function (...given) {
    growing.set(this.transaction, growing.get(this.transaction) || engine.includes(this.name));
    return put.apply(this, given);
  };
  IDBTransaction.prototype.commit = function () {
    const abort = () => {
      if (growing.get(this)) this.addEventListener('abort', () => (disk.refused += 1));
      this.abort();
    };
    if (growing.get(this)) disk.begun += 1;
    if (disk.mode === 'full' && growing.has(this)) return abort();
    if (disk.mode !== 'late' || disk.held || !growing.get(this)) return commit.call(this);
    disk.held = true;
    // A transaction ends when nothing is asked of it any more.
    const store = this.objectStore(this.objectStoreNames[0]!);
    const wait = () => {
      if (disk.mode === 'late') store.count().onsuccess = wait;
      else if (disk.mode === 'failed') abort();
      else commit.call(this);
    };
    wait();
  };
}
