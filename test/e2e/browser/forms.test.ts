// Tests forms and lists under careless use: pressing Enter twice, an expired session, names of any length.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveChromium } from '../../support/chromium.ts';
import { admin, type DashboardWorld, logIn, newVisitor, setUp, startDashboard } from './dashboard-world.ts';

describe.runIf(haveChromium)('a form in the dashboard', () => {
  let world: DashboardWorld;
  let page: Page;
  let context: BrowserContext;

  beforeAll(async () => {
    world = await startDashboard();
    ({ page, context } = await newVisitor(world.browser, { viewport: { width: 390, height: 844 } }));
    await setUp(page, world.relay.url);
  });
  afterAll(() => world?.stop());

  it('is sent once, however often Enter is pressed before the answer arrives', async () => {
    const script = readFileSync('src/dashboard/public/dashboard.js');
    const page =
      '<form method="post"><input autofocus><button>Send</button></form><script src="/x.js"></script>';
    let posts = 0;
    const server = createServer((request, response) => {
      if (request.method === 'POST') {
        posts += 1;
        return;
      }
      const isScript = request.url === '/x.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : page);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const other = await context.newPage();
    await other.goto(`http://127.0.0.1:${port}/`);
    await other.getByRole('textbox').focus();
    for (let turn = 0; turn < 3; turn += 1) {
      await other.keyboard.press('Enter');
      await other.waitForTimeout(150);
    }
    expect(posts).toBe(1);
    await other.close();
    server.closeAllConnections();
    server.close();
  });

  it('creates one token, and another one after going back', async () => {
    await page.goto(`${world.relay.url}/dashboard/tokens/new`);
    for (const name of ['one', 'another']) {
      await page.getByLabel('Name', { exact: true }).fill(name);
      await page.getByLabel('Name', { exact: true }).press('Enter');
      await page.getByRole('heading', { name: `Your new token: ${name}` }).waitFor();
      await page.goBack();
    }
  });

  it('restores its input after the session expires', async () => {
    await page.goto(`${world.relay.url}/dashboard/tokens/new`);
    await page.getByLabel('Name', { exact: true }).fill('typed for a long time');
    await context.clearCookies();
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.getByRole('heading', { name: 'Your session expired' }).waitFor();
    const opened = context.waitForEvent('page');
    await page.getByRole('link', { name: 'Log in' }).click();
    const other = await opened;
    await other.getByLabel('Email').fill(admin.email);
    await other.getByLabel('Password').fill(admin.password);
    await other.getByRole('button', { name: 'Log in', exact: true }).click();
    await other.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Your new token: typed for a long time' }).waitFor();
  });

  it('returns to the requested page after sign-in', async () => {
    await context.clearCookies();
    await page.goto(`${world.relay.url}/dashboard/logs?model=gpt-4o`);
    await page.getByLabel('Email').fill(admin.email);
    await page.getByLabel('Password').fill(admin.password);
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await page.getByRole('heading', { name: 'Logs' }).waitFor();
    expect(await page.getByLabel('Model').inputValue()).toBe('gpt-4o');
    await page.getByRole('button', { name: 'Log out' }).click();
    await logIn(page, world.relay.url);
  });

  it('accepts names of any length without overlapping its neighbors', async () => {
    const { manage, url } = world.relay;
    const name = 'x'.repeat(64);
    const long = 'y'.repeat(200);
    const { id } = await manage<{ id: string }>('POST', '/api/tokens', { name: long });
    await manage('POST', '/api/groups', { name });
    await manage('PUT', `/api/prices/${long}`, { input: 1, output: 2 });
    const channel = { name: long, provider: 'openai', keys: ['sk-0123456789abcdef'], models: [long] };
    await manage('POST', '/api/channels', channel);
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of [
      '/dashboard/tokens',
      `/dashboard/tokens/${id}`,
      `/dashboard/tokens/${id}/delete`,
      '/dashboard/groups',
      `/dashboard/groups/${name}`,
      `/dashboard/groups/${name}/delete`,
      '/dashboard/channels',
      '/dashboard/models',
      '/dashboard/models/prices',
    ]) {
      await page.goto(url + path);
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
      expect([path, wide]).toEqual([path, 390]);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    for (const path of [
      '/dashboard/tokens',
      '/dashboard/groups',
      '/dashboard/channels',
      '/dashboard/models',
      '/dashboard/models/prices',
    ]) {
      await page.goto(url + path);
      const hidden = await page.evaluate<number[]>(
        `[...document.querySelectorAll('.table')].map((frame) => frame.scrollWidth - frame.clientWidth)`,
      );
      expect([path, Math.max(...hidden)]).toEqual([path, 0]);
    }
  });
});
