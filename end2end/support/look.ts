import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

/** The widths of a desk, of a phone, and the narrowest that a page must reflow to. */
const [DESK, PHONE, LEAST] = [1280, 390, 320];
const HEIGHT = 844;

/** What depends on colours; everything else is alike in both themes. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

/**
 * Looks at what a page shows, or a part of it, at both widths and in both themes: the rules of WCAG 2.2 AA and good
 * practice, and nothing wider than the screen.
 */
export async function look(page: Page, part = 'html'): Promise<void> {
  const told: string[] = [];
  for (const width of [DESK, PHONE]) {
    await page.setViewportSize({ width, height: HEIGHT });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const axe = new AxeBuilder({ page }).include(part);
      if (colorScheme === 'dark') axe.withRules(COLOURS);
      else axe.options({ rules: { 'target-size': { enabled: true } } });
      const { violations } = await axe.analyze();
      const what = violations.map(it => `${it.id}: ${it.help}: ${it.nodes.map(node => node.html).join(' … ')}`);
      told.push(...what.map(text => `${width} px, ${colorScheme}: ${text}`));
    }
  }
  for (const width of [PHONE, LEAST]) {
    await page.setViewportSize({ width, height: HEIGHT });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    if (wide > width) told.push(`${width} px: it is ${wide} px wide`);
  }
  await page.setViewportSize({ width: DESK, height: HEIGHT });
  await page.emulateMedia({ colorScheme: 'light' });
  expect(told, page.url()).toEqual([]);
}

/** Looks at a page as it is, at the width and in the language of a flow: the rules of WCAG 2.2 AA, and no scrolling to the side. */
export async function glance(page: Page): Promise<void> {
  const axe = new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice']);
  const { violations } = await axe.analyze();
  const told = violations.map(it => `${it.id}: ${it.help}: ${it.nodes.map(node => node.html).join(' … ')}`);
  expect(told, page.url()).toEqual([]);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wide, 'nothing stands beyond the edge').toBeLessThanOrEqual(0);
}
