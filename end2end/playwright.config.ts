import { defineConfig } from '@playwright/test';

const english = { locale: 'en-GB' };
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
/** A browser by its path on Debian, unless another one is named. */
const browser = (path: string) => ({
  launchOptions: { executablePath: process.env.SIXIN_CHROMIUM ?? path, args: ['--no-sandbox'] },
});
/** The same engine without the windows of a desktop, twice as fast: what Playwright runs by itself where nothing is to be seen. */
const windowless = browser('/usr/bin/chromium-headless-shell');
/** What a person does from beginning to end is tried in both languages, on a desk and on a phone; the rest once. */
const flows = /@flow/;

/**
 * The release build in Debian's own Chromium, as a Chinese user in Shanghai has it unless a test says otherwise. The flows
 * run in the browser as people have it, too.
 */
export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  fullyParallel: true,
  workers: 2,
  forbidOnly: true,
  // A busy machine may be slow once; a test that passes at a later attempt is reported as flaky.
  retries: 2,
  reporter: 'line',
  // Long enough for a machine that does something else as well: what is right takes a fraction of it.
  timeout: 120_000,
  expect: { timeout: 20_000 },
  projects: [
    { name: 'zh-desk', use: windowless },
    { name: 'en-desk', grep: flows, use: english },
    { name: 'zh-phone', grep: flows, use: { ...phone, ...windowless } },
    { name: 'en-phone', grep: flows, use: { ...english, ...phone, ...windowless } },
  ],
  use: {
    browserName: 'chromium',
    viewport: { width: 1280, height: 800 },
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    actionTimeout: 20_000,
    navigationTimeout: 30_000,
    // Recording what every test does takes a fifth of the time.
    trace: 'on-first-retry',
    ...browser('/usr/bin/chromium'),
  },
});
