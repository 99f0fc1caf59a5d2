import type { BrowserContext, Page } from '@playwright/test';

/** Lets the pages of a context have a browser that cannot seal: they send what they send as it is. */
export async function withoutSeals(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    SubtleCrypto.prototype.generateKey = () => Promise.reject(new DOMException('unknown', 'NotSupportedError'));
  });
}

/** A request that a page made of the API, as the browser hands it to TLS. */
export interface Sent {
  method: string;
  path: string;
  kind: string;
  body: Buffer;
}

/** Everything with a body that a page sends to the API from now on. */
export function sent(page: Page): Sent[] {
  const all: Sent[] = [];
  page.on('request', request => {
    const body = request.postDataBuffer();
    const path = new URL(request.url()).pathname;
    if (body === null || !path.startsWith('/api/')) return;
    all.push({ method: request.method(), path, kind: request.headers()['content-type'] ?? '', body });
  });
  return all;
}
