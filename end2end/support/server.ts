import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

export const WORKSPACE = resolve(import.meta.dirname, '../..');
export const CONVERSATIONS = join(WORKSPACE, 'end2end/conversations');
/** The password of every imported account. */
export const PASSWORD = 'correct horse battery';

const BINARY = process.env.SIXIN_BINARY ?? join(process.env.CARGO_TARGET_DIR ?? join(WORKSPACE, 'target'), 'release/sixin');

/** What the program that keeps the directory bears. */
const ADMIN_TOKEN = 'the program that keeps the directory';

/** Tests log in and send far more often than people do. */
const SETTINGS = {
  // A statement that a busy disk holds up for a second is no complaint.
  SIXIN_LOG: 'warn,sqlx::query=error',
  SIXIN_LOGINS_PER_HANDLE: '10000',
  SIXIN_LOGINS_PER_ADDRESS: '10000',
  SIXIN_ACCOUNTS_PER_ADDRESS: '10000',
  SIXIN_SENDS_PER_SECOND: '10000',
  SIXIN_SENDS_AT_ONCE: '10000',
  SIXIN_SEARCHES_PER_HOUR: '10000',
  SIXIN_LOOK_UPS_PER_ACCOUNT: '10000',
  SIXIN_ADMIN_TOKEN: ADMIN_TOKEN,
};

/** A data folder of its own, gone with `remove`. */
export class Folder {
  private constructor(readonly path: string) {}

  static async empty(): Promise<Folder> {
    return new Folder(await mkdtemp(join(tmpdir(), 'sixin-')));
  }

  async copy(): Promise<Folder> {
    const copy = await Folder.empty();
    await cp(this.path, copy.path, { recursive: true });
    return copy;
  }

  async import(file: string): Promise<void> {
    const run = promisify(execFile);
    await run(BINARY, ['import', file, '--data', this.path, '--password', PASSWORD], { env: environment() });
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** The real binary on a real port. */
export class Server {
  private process?: ChildProcess;
  private complaints = '';
  private port = 0;

  constructor(
    private readonly folder: Folder,
    /** More environment. */
    private readonly settings: NodeJS.ProcessEnv = {},
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts it: on any free port at first, on the same one again later. */
  async start(): Promise<void> {
    const arguments_ = ['--data', this.folder.path, '--listen', `127.0.0.1:${this.port}`];
    const env = { ...environment(), ...this.settings };
    const child = spawn(BINARY, arguments_, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = child;
    child.stderr.on('data', chunk => (this.complaints += chunk));
    const lines = createInterface({ input: child.stdout });
    const ended = once(child, 'exit').then(() => Promise.reject(new Error(`the server ended:\n${this.complaints}`)));
    const [line] = await Promise.race([once(lines, 'line'), ended]);
    ended.catch(() => undefined);
    const port = /:(\d+)\/?\s*$/.exec(line)?.[1];
    if (port === undefined) throw new Error(`the first line names no address: ${line}`);
    this.port = Number(port);
  }

  /** Stops it, brings conversations in, and starts it again. */
  async import(file: string): Promise<void> {
    await this.stop();
    await this.folder.import(file);
    await this.start();
  }

  /** What the server complained of. */
  get log(): string {
    return this.complaints;
  }

  /** Ends it without a chance to tidy up. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** Lets it stand still, with every connection open; `resume` lets it go on. */
  pause(): void {
    this.process?.kill('SIGSTOP');
  }

  resume(): void {
    this.process?.kill('SIGCONT');
  }

  private async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    // One that stands still hears nothing.
    child.kill('SIGCONT');
    await exit;
  }

  /** Makes an account, and logs in with it as a program does. */
  async newcomer(handle: string, name: string): Promise<Program> {
    const account = { handle, display_name: name, password: PASSWORD };
    await call(`${this.url}/api/v1/accounts`, 'POST', undefined, account);
    return this.program(handle);
  }

  /** Asks as the program that keeps the directory. */
  async directory(method: 'PUT' | 'POST', path: string, body: object): Promise<any> {
    return call(`${this.url}/api/v1/admin/directory/${path}`, method, ADMIN_TOKEN, body);
  }

  /** Takes a message from everybody, as an auditor does, or gives it back. */
  async audit(method: 'POST' | 'DELETE', conversation: number, seq: number): Promise<void> {
    await call(`${this.url}/api/v1/admin/conversations/${conversation}/messages/${seq}/removal`, method, ADMIN_TOKEN);
  }

  /** Logs in as a program does. */
  async program(handle: string): Promise<Program> {
    const { token } = await call(`${this.url}/api/v1/logins`, 'POST', undefined, { handle, password: PASSWORD });
    return new Program(this, token);
  }
}

/** A person's program: speaks the API, without a browser. */
export class Program {
  constructor(
    private readonly server: Server,
    private readonly token: string,
  ) {}

  async conversations(): Promise<{ id: number; unread: number; head_seq: number }[]> {
    return (await this.get('/api/v1/conversations')).conversations;
  }

  /** The only conversation of an imported person. */
  async conversation(): Promise<number> {
    const [first] = await this.conversations();
    return first!.id;
  }

  async send(conversation: number, text: string): Promise<void> {
    const message = { client_id: randomUUID(), body: { type: 'text', text } };
    await call(`${this.server.url}/api/v1/conversations/${conversation}/messages`, 'POST', this.token, message);
  }

  /** Deletes messages for oneself. */
  async hide(conversation: number, seqs: number[]): Promise<void> {
    const body = { seqs, hidden: true };
    await call(`${this.server.url}/api/v1/conversations/${conversation}/hidden`, 'PUT', this.token, body);
  }

  /** The newest texts, oldest first. */
  async texts(conversation: number): Promise<string[]> {
    const page = await this.get(`/api/v1/conversations/${conversation}/messages?limit=100`);
    return page.messages.map((message: { body: { text: string } }) => message.body.text);
  }

  /** Its own number. */
  async id(): Promise<number> {
    return (await this.get('/api/v1/accounts/me')).id;
  }

  /** Sets from whom it accepts messages. */
  async acceptFrom(whom: 'everyone' | 'followed' | 'followers' | 'nobody'): Promise<void> {
    await call(`${this.server.url}/api/v1/accounts/me`, 'PATCH', this.token, { messages_from: whom });
  }

  /** Changes what it has somebody as. */
  async relate(method: 'PUT' | 'DELETE', user: number, what: 'friend' | 'follow' | 'block'): Promise<void> {
    await call(`${this.server.url}/api/v1/contacts/${user}/${what}`, method, this.token, {});
  }

  /** Asks somebody to be a friend. */
  async askFriend(user: number, greeting: string): Promise<void> {
    await call(`${this.server.url}/api/v1/contacts/${user}/friend`, 'PUT', this.token, { greeting });
  }

  /** Makes a group. Its number. */
  async group(title: string, members: number[]): Promise<number> {
    return (await call(`${this.server.url}/api/v1/conversations`, 'POST', this.token, { title, members })).id;
  }

  async leave(group: number): Promise<void> {
    const me = await this.id();
    await call(`${this.server.url}/api/v1/conversations/${group}/members/${me}`, 'DELETE', this.token);
  }

  /** Sets how one comes into a group. */
  async admit(group: number, joining: 'free' | 'approval' | 'closed'): Promise<void> {
    await call(`${this.server.url}/api/v1/conversations/${group}`, 'PATCH', this.token, { joining });
  }

  /** Makes a group's link. Its secret. */
  async link(group: number): Promise<string> {
    return (await call(`${this.server.url}/api/v1/conversations/${group}/link`, 'POST', this.token, {})).link;
  }

  /** Opens the direct conversation with somebody. */
  async open(peer: number): Promise<number> {
    return (await call(`${this.server.url}/api/v1/conversations`, 'POST', this.token, { peer })).id;
  }

  async handleOf(name: string): Promise<string> {
    const { users } = await this.get(`/api/v1/users?query=${encodeURIComponent(name)}`);
    return users[0].handle;
  }

  private get(path: string): Promise<any> {
    return call(this.server.url + path, 'GET', this.token);
  }
}

async function call(url: string, method: string, token?: string, body?: object): Promise<any> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? undefined : answer.json();
}

function environment(): NodeJS.ProcessEnv {
  const { LD_LIBRARY_PATH: _, ...rest } = process.env;
  return { ...rest, ...SETTINGS };
}
