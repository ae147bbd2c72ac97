// The log page in a real browser over the rows of million-rows.ts: filtered, and paged forward through every match and back.

import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveChromium, launchChromium } from '../../support/chromium.ts';
import { type DashboardAtScale, openDashboardAtScale, session } from './dashboard-at-scale.ts';
import { rowsInWords } from './million-rows.ts';

let scale: DashboardAtScale;
let server: Server;
let browser: Browser;
let page: Page;
let url: string;

describe.runIf(haveChromium)(`the log page over ${rowsInWords}`, () => {
  beforeAll(async () => {
    scale = await openDashboardAtScale();
    server = createServer(async (request, response) => {
      const path = request.url ?? '/';
      const asset = /^\/([\w.]+\.(?:js|css|svg))$/.exec(path)?.[1];
      if (asset !== undefined) {
        const type = asset.endsWith('.js')
          ? 'text/javascript'
          : asset.endsWith('.css')
            ? 'text/css'
            : 'image/svg+xml';
        response.writeHead(200, { 'content-type': type }).end(readFileSync(`src/dashboard/public/${asset}`));
        return;
      }
      const headers = { cookie: request.headers.cookie ?? '' };
      const answer = await scale.app.request(url + path, { headers });
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await launchChromium();
    const context = await browser.newContext({ locale: 'en-US' });
    await context.addCookies([{ name: 'oo8_session', value: session, url }]);
    page = await context.newPage();
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await scale?.stop();
  });

  const times = () =>
    page
      .locator('#log tbody time')
      .evaluateAll((all: Element[]) => all.map((time) => time.getAttribute('datetime') ?? ''));
  const ids = () =>
    page
      .locator('#log tbody')
      .evaluateAll((all: Element[]) => all.map((row) => row.getAttribute('id') ?? ''));

  it('shows the newest rows and pages on without repeats or gaps', async () => {
    await page.goto(`${url}/dashboard/logs`);
    const seen = { ids: await ids(), times: await times() };
    for (let turn = 0; turn < 3; turn += 1) {
      await page.getByRole('link', { name: 'Next page' }).click();
      await page.waitForLoadState();
      seen.ids.push(...(await ids()));
      seen.times.push(...(await times()));
    }
    expect(seen.ids).toHaveLength(200);
    expect(new Set(seen.ids).size).toBe(200);
    // A row comes at a constant interval: none is missing.
    const gaps = seen.times
      .slice(1)
      .map((time, index) => Date.parse(seen.times[index] ?? '') - Date.parse(time));
    expect(new Set(gaps).size).toBe(1);
    for (const start of [100, 50, 0]) {
      await page.getByRole('link', { name: 'Previous page' }).click();
      await page.waitForLoadState();
      expect(await ids()).toEqual(seen.ids.slice(start, start + 50));
    }
  });

  it('filters by model, status and day, and pages through the matching rows', async () => {
    await page.goto(`${url}/dashboard/logs`);
    await page.getByLabel('Model', { exact: true }).fill('model-5');
    await page.getByRole('textbox', { name: 'Status' }).fill('500');
    await page.getByLabel('From').fill('2026-09-01T00:00');
    await page.getByLabel('Until').fill('2026-09-05T23:59');
    await page.getByRole('button', { name: 'Filter' }).click();
    const seen: string[] = [];
    for (let turn = 0; turn < 40; turn += 1) {
      await page.waitForLoadState();
      const rows = await page.locator('#log tbody > tr:first-child').allInnerTexts();
      for (const row of rows) expect(row).toMatch(/^2026-09-0[1-5] [\d:]+\n[^\n]+\s+500 x\s+model-5\s/);
      seen.push(...(await ids()));
      const next = page.getByRole('link', { name: 'Next page' });
      if ((await next.count()) === 0) break;
      await next.click();
    }
    const fitting = await scale.count(
      `SELECT COUNT(*) AS n FROM request_log WHERE requested_model = 'model-5' AND status = 500
       AND created_at >= ${Date.parse('2026-09-01')} AND created_at < ${Date.parse('2026-09-06')}`,
    );
    expect(fitting).toBeGreaterThan(50);
    expect(new Set(seen).size).toBe(fitting);
    expect(seen).toHaveLength(fitting);
  });
});
