import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server as Listener, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One connection: the browser's side, the server's side, and what is known of it. */
interface Wire {
  client: Socket;
  server: Socket;
  /** Its peer is gone without a word. */
  dead: boolean;
  /** The request on its way sends a message. */
  sending: boolean;
  /** The server has spoken since the last request began. */
  answered: boolean;
}

/** A network between a browser and the server, which fails on request. */
export class Proxy {
  /** How many answers of sends nobody heard. */
  swallowed = 0;
  /** How many pieces came to nothing on connections that only look open. */
  lost = 0;
  private readonly wires = new Set<Wire>();
  private half = false;
  private dropping = false;
  private late = 0;
  private refusing = false;
  private hanging = false;

  private constructor(private readonly listener: Listener) {}

  static async to(server: { url: string }): Promise<Proxy> {
    const listener = createServer();
    const proxy = new Proxy(listener);
    listener.on('connection', client => proxy.carry(client, Number(new URL(server.url).port)));
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  /** Resets every connection. */
  cut(): void {
    for (const { client, server } of this.wires) {
      client.resetAndDestroy();
      server.destroy();
    }
  }

  /** From here on nothing comes through, and nothing says so. A connection that lost bytes stays dead for ever. */
  halfOpen(): void {
    this.half = true;
  }

  /** Sends reach the server, and their answers reach nobody: the connection is reset in their place. */
  dropAnswers(): void {
    this.dropping = true;
  }

  /** Everything is late by so many milliseconds. */
  delay(ms: number): void {
    this.late = ms;
  }

  /** No WebSocket opens any more, as behind a proxy that knows none; everything else goes on. */
  refuseUpgrades(): void {
    this.refusing = true;
  }

  /** No WebSocket opens any more, and nobody says so; everything else goes on. */
  hangUpgrades(): void {
    this.hanging = true;
  }

  /** New bytes come through again. */
  heal(): void {
    this.refusing = false;
    this.hanging = false;
    this.half = false;
    this.dropping = false;
    this.late = 0;
  }

  async close(): Promise<void> {
    this.cut();
    this.listener.close();
    await once(this.listener, 'close');
  }

  private carry(client: Socket, port: number): void {
    const server = connect({ port, host: '127.0.0.1', noDelay: true });
    const wire: Wire = { client, server, dead: false, sending: false, answered: true };
    this.wires.add(wire);
    client.setNoDelay(true);
    const end = () => {
      this.wires.delete(wire);
      client.destroy();
      server.destroy();
    };
    for (const side of [client, server]) {
      // A reset is no accident here: the end is what counts.
      side.on('error', () => undefined);
      side.on('close', end);
    }
    this.pump(wire, client, server, chunk => this.look(wire, chunk));
    this.pump(wire, server, client, () => this.hear(wire));
  }

  /** Passes bytes on in their order; those that `pass` refuses are gone. */
  private pump(wire: Wire, from: Socket, to: Socket, pass: (chunk: Buffer) => boolean): void {
    let before = Promise.resolve();
    from.on('data', chunk => {
      wire.dead ||= this.half;
      if (wire.dead) this.lost += 1;
      if (wire.dead || !pass(chunk)) return;
      const late = this.late;
      before = before.then(async () => {
        if (late > 0) await sleep(late);
        if (!to.destroyed) to.write(chunk);
      });
    });
    // What is late still comes before the end.
    from.on('end', () => void before.then(() => to.end()));
  }

  private look(wire: Wire, chunk: Buffer): boolean {
    const upgrades = wire.answered && /^upgrade: websocket\r$/im.test(chunk.toString('latin1'));
    if (upgrades && this.hanging) {
      wire.dead = true;
      return false;
    }
    if (upgrades && this.refusing) {
      wire.client.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
      return false;
    }
    if (wire.answered) {
      wire.answered = false;
      const line = chunk.toString('latin1', 0, 200).split('\r\n', 1)[0]!;
      wire.sending = /^POST \/api\/v1\/conversations\/\d+\/messages HTTP/.test(line);
    }
    return true;
  }

  private hear(wire: Wire): boolean {
    wire.answered = true;
    if (!this.dropping || !wire.sending) return true;
    this.swallowed += 1;
    wire.client.resetAndDestroy();
    return false;
  }
}
