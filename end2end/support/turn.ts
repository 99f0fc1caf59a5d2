import type { Page } from '@playwright/test';

/** Lets somebody turn away from a page that is opened after this, and back to it. */
export async function turning(page: Page): Promise<(state: 'hidden' | 'visible') => Promise<void>> {
  await page.addInitScript(() => {
    let state = 'visible';
    Object.defineProperty(Document.prototype, 'visibilityState', { get: () => state });
    Object.defineProperty(Document.prototype, 'hidden', { get: () => state === 'hidden' });
    document.addEventListener('turn', event => {
      state = (event as CustomEvent<string>).detail;
      document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
    });
  });
  return state => page.evaluate(detail => void document.dispatchEvent(new CustomEvent('turn', { detail })), state);
}
