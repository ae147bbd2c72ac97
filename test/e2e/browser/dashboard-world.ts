// Starts a relay with the demo upstream, and a real browser for its dashboard.
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type DemoUpstream, startDemoUpstream } from '../../../src/cli/demo-upstream/server.ts';
import { launchChromium } from '../../support/chromium.ts';
import { adminKey, startRelay, type TestRelay } from '../../support/relay.ts';

export const admin = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };

export interface DashboardWorld {
  relay: TestRelay;
  browser: Browser;
  stop(): Promise<void>;
}

export async function startDashboard(): Promise<DashboardWorld> {
  const demo: DemoUpstream = await startDemoUpstream();
  const relay = await startRelay({
    DEMO_BASE_URL: demo.url,
    DEMO_MODELS: JSON.stringify({
      openai: ['gpt-4o', 'gpt-4o-mini'],
      anthropic: ['claude-3-5-sonnet-20241022'],
      gemini: ['gemini-2.0-flash'],
    }),
  });
  const browser = await launchChromium();
  return {
    relay,
    browser,
    stop: async () => {
      await browser.close();
      await relay.stop();
      await demo.close();
    },
  };
}

/** Completes the first start as a person does. */
export async function setUp(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel('Admin key').fill(adminKey);
  await page.getByLabel('Your name').fill(admin.name);
  await page.getByLabel('Email').fill(admin.email);
  await page.getByLabel('Password').fill(admin.password);
  await page.getByRole('button', { name: 'Create admin account' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
}

export async function logIn(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/dashboard/login`);
  await page.getByLabel('Email').fill(admin.email);
  await page.getByLabel('Password').fill(admin.password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
}

/** Opens a browser context of another person, with its own cookies. */
export async function newVisitor(
  browser: Browser,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<{ context: BrowserContext; page: Page; problems: string[] }> {
  const context = await browser.newContext({ locale: 'en-US', ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  return { context, page, problems };
}
