import type { Locator, Page } from '@playwright/test';

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
