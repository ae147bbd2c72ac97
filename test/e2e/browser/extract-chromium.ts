// Unpacks Chromium once before the first browser test, not from each file at the same time.
import bundled from '@sparticuz/chromium';

export default async function extract(): Promise<void> {
  if (process.platform === 'linux') await bundled.executablePath();
}
