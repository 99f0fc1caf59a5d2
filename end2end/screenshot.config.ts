import { defineConfig } from '@playwright/test';
import tests from './playwright.config.ts';

export default defineConfig({ ...tests, projects: [{ name: 'zh-desk' }], testMatch: 'screenshot.ts' });
