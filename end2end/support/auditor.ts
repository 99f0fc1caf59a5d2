import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** A small auditor: lets every text through but those that it forbids, and pictures unless it forbids them. */
export class Auditor {
  private server?: Server;
  private address = '';
  /** What it was asked about, in order. */
  readonly texts: string[] = [];
  /** A text that has this in it is not let through. */
  forbidden = '敏感';
  /** No picture is let through. */
  forbidsPictures = false;
  /** It takes so many milliseconds for a picture. */
  thinks = 0;
  /** It fails, whatever it is asked. */
  fails = false;

  async start(): Promise<void> {
    this.server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const { text } = JSON.parse(body) as { text?: string };
      if (text !== undefined) this.texts.push(text);
      else await setTimeout(this.thinks);
      if (this.fails) return void response.writeHead(500).end();
      response.writeHead(200, { 'content-type': 'application/json' });
      const allow = text === undefined ? !this.forbidsPictures : !text.includes(this.forbidden);
      response.end(JSON.stringify({ allow }));
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.address = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/texts`;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  /** What the server is to be told of it. */
  get settings(): NodeJS.ProcessEnv {
    return {
      SIXIN_AUDIT_URL: this.address,
      SIXIN_AUDIT_SECRET: 'the server and the auditor share it',
      // Longer than a busy machine needs.
      SIXIN_AUDIT_TIMEOUT_MS: '5000',
      SIXIN_AUDIT_PICTURE_WAIT_MS: '3000',
    };
  }
}
