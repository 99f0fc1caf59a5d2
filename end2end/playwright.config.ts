import { defineConfig } from '@playwright/test';

const english = { locale: 'en-GB' };
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
/** What a person does from beginning to end is tried in both languages, on a desk and on a phone; the rest once. */
const flows = /@flow/;

/** The release build in Debian's own Chromium, as a Chinese user in Shanghai has it unless a test says otherwise. */
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
    { name: 'zh-desk' },
    { name: 'en-desk', grep: flows, use: english },
    { name: 'zh-phone', grep: flows, use: phone },
    { name: 'en-phone', grep: flows, use: { ...english, ...phone } },
  ],
  use: {
    browserName: 'chromium',
    viewport: { width: 1280, height: 800 },
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    actionTimeout: 20_000,
    navigationTimeout: 30_000,
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env.SIXIN_CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox'],
    },
  },
});
