import { expect, type Locator, type Page } from '@playwright/test';
import { say } from './words.ts';

/** A picture to choose in a form: 64 × 32 pixels, the left half red, the right half blue. */
export async function halves(page: Page): Promise<{ name: string; mimeType: string; buffer: Buffer }> {
  const url = await page.evaluate(() => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [64, 32];
    const context = canvas.getContext('2d')!;
    context.fillStyle = 'red';
    context.fillRect(0, 0, 32, 32);
    context.fillStyle = 'blue';
    context.fillRect(32, 0, 32, 32);
    return canvas.toDataURL('image/png');
  });
  return { name: 'picture.png', mimeType: 'image/png', buffer: Buffer.from(url.split(',')[1]!, 'base64') };
}

/** Chooses that picture on the page, cuts its right half out, by keyboard or by the pointer, and sends it. */
export async function uploadRightHalf(page: Page, by: 'keyboard' | 'pointer'): Promise<void> {
  await page.getByLabel(say('头像'), { exact: true }).setInputFiles(await halves(page));
  const across = page.getByRole('slider', { name: say('左右位置') });
  if (by === 'keyboard') {
    await across.press('End');
  } else {
    const canvas = page.locator('.crop-place canvas');
    await canvas.hover({ position: { x: 180, y: 50 } });
    const { x, y, width } = (await canvas.boundingBox())!;
    await page.mouse.down();
    await page.mouse.move(x - 20, y + 60, { steps: 5 });
    await page.mouse.up();
    // Let go, it stays.
    await page.mouse.move(x + width, y + 50, { steps: 5 });
  }
  await expect(across).toHaveValue('100');
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBeLessThanOrEqual(page.viewportSize()!.width);
  await page.getByRole('button', { name: say('上传头像') }).click();
}

/** Whether a picture that is shown is blue in its corner, and not red. */
export async function isBlue(shown: Locator): Promise<boolean> {
  return shown.evaluate(async image => {
    if (!(image instanceof HTMLImageElement)) throw new Error('no picture');
    await image.decode();
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d')!;
    context.drawImage(image, 0, 0, 1, 1, 0, 0, 1, 1);
    const [red, , blue] = context.getImageData(0, 0, 1, 1).data;
    return blue! > red!;
  });
}
