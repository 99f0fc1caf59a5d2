import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A small OpenID Connect provider, on another site than the server: a page with one button stands for its log-in. */
export class Provider {
  private readonly keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  private readonly codes = new Map<string, { challenge: string; nonce: string; redirect: string }>();
  private server?: Server;
  issuer = '';
  /** Who is logged in there. */
  who: Record<string, string> = {};
  /** Who is there says no. */
  denies = false;

  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      this.answer(request, response).catch(error => response.writeHead(500).end(String(error)));
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.issuer = `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  /** What the server is to be told of it. */
  get settings(): NodeJS.ProcessEnv {
    return {
      SIXIN_OIDC_ISSUER: this.issuer,
      SIXIN_OIDC_CLIENT_ID: 'sixin',
      SIXIN_OIDC_CLIENT_SECRET: 'secret',
      SIXIN_OIDC_NAME: '公司账号 SSO',
    };
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, this.issuer);
    const asked = url.searchParams;
    const json = (value: object) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return void json({
          issuer: this.issuer,
          authorization_endpoint: `${this.issuer}/authorize`,
          token_endpoint: `${this.issuer}/token`,
          jwks_uri: `${this.issuer}/keys`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256'],
        });
      case '/keys':
        return void json({ keys: [{ ...this.keys.publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig' }] });
      case '/authorize': {
        const code = randomUUID();
        const redirect = asked.get('redirect_uri')!;
        this.codes.set(code, { challenge: asked.get('code_challenge')!, nonce: asked.get('nonce')!, redirect });
        const answer = this.denies ? 'error=access_denied' : `code=${code}`;
        const back = `${redirect}?${answer}&state=${encodeURIComponent(asked.get('state')!)}`;
        const link = `<a href="${back.replaceAll('&', '&amp;')}">Continue</a>`;
        const page = `<!DOCTYPE html><html lang="en"><title>Provider</title>${link}</html>`;
        return void response.writeHead(200, { 'content-type': 'text/html' }).end(page);
      }
      case '/token':
        return void json(this.tokens(new URLSearchParams(await text(request))));
      default:
        return void response.writeHead(204).end();
    }
  }

  private tokens(asked: URLSearchParams): object {
    const code = this.codes.get(asked.get('code')!);
    this.codes.delete(asked.get('code')!);
    const hash = createHash('sha256').update(asked.get('code_verifier')!).digest('base64url');
    if (code?.challenge !== hash || code.redirect !== asked.get('redirect_uri')) throw new Error('a wrong code');
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: this.issuer, aud: 'sixin', iat: now, exp: now + 300, nonce: code.nonce, ...this.who };
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${part({ alg: 'RS256', kid: 'one' })}.${part(claims)}`;
    const signature = sign('sha256', Buffer.from(signed), this.keys.privateKey).toString('base64url');
    return { access_token: 'x', token_type: 'Bearer', id_token: `${signed}.${signature}` };
  }
}

async function text(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}
