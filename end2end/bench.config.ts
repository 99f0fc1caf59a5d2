import { defineConfig } from '@playwright/test';
import tests from './playwright.config.ts';

export default defineConfig({
  ...tests,
  projects: [{ name: 'zh-desk' }],
  testMatch: 'bench.ts',
  workers: 1,
  retries: 0,
  use: { ...tests.use, trace: 'off' },
});
