// A real Chromium: on Linux the one in an npm package, elsewhere an installed Chrome, if any.
import { existsSync } from 'node:fs';
import bundled from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

const installed = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
];

/** Whether a browser is available. Browser tests are skipped without one, and report it. */
export const haveChromium = process.platform === 'linux' || installed.some(existsSync);

/** Starts the browser; the caller closes it. */
export async function launchChromium(): Promise<Browser> {
  if (process.platform !== 'linux') {
    return chromium.launch({ executablePath: installed.find(existsSync) ?? '' });
  }
  return chromium.launch({
    executablePath: await bundled.executablePath(),
    // Not the package's own flags: they disable the isolation of origins.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    headless: true,
  });
}
