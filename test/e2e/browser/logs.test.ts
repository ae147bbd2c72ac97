// Tests the log in a real browser: rows arrive while it is live, none while it is paused, and each row expands to
// its details.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveChromium } from '../../support/chromium.ts';
import { type DashboardWorld, newVisitor, setUp, startDashboard } from './dashboard-world.ts';

let world: DashboardWorld;
let page: Page;
let problems: string[];
let token: string;

describe.runIf(haveChromium)('the log', () => {
  beforeAll(async () => {
    world = await startDashboard();
    ({ page, problems } = await newVisitor(world.browser));
    await setUp(page, world.relay.url);
    ({ token } = await world.relay.token({ name: 'Website' }));
  });
  afterAll(() => world?.stop());

  const rows = () => page.locator('#log tbody');
  const live = () => page.locator('#live');

  it('adds rows that match the filters while live, and shows how many', async () => {
    await page.goto(`${world.relay.url}/dashboard/logs?model=gpt-4o`);
    expect(await page.locator('main').innerText()).toContain('No requests match');
    await live().click();
    expect(await live().innerText()).toBe('Pause');
    await Promise.all(['gpt-4o', 'gpt-4o', 'gpt-4o-mini'].map(sendRequest));
    await expect.poll(() => rows().count(), { timeout: 15_000 }).toBe(2);
    expect(await page.locator('#live-note').innerText()).toBe('2 new');
    expect(await page.locator('.empty').count()).toBe(0);
  });

  it('adds no rows while paused, and then continues where it stopped', async () => {
    await live().click();
    expect(await live().innerText()).toBe('Live');
    await sendRequest('gpt-4o');
    await expect
      .poll(
        async () => (await world.relay.manage<{ data: [] }>('GET', '/api/logs?model=gpt-4o')).data.length,
        {
          timeout: 15_000,
        },
      )
      .toBe(3);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await rows().count()).toBe(2);
    await live().click();
    await expect.poll(() => rows().count(), { timeout: 15_000 }).toBe(3);
    await live().click();
  });

  it('expands a row to its attempts, timing, usage and cost', async () => {
    const first = rows().first();
    expect(await first.locator('.log-details').isVisible()).toBe(false);
    await first.getByText('Details').click();
    const details = first.locator('.log-details');
    expect(await details.innerText()).toMatch(/Attempts\s+(1\.\s+)?200 demo \(openai\), \d+ ms/);
    expect(await details.innerText()).toMatch(/Time to first byte\s+\d+ ms\s+Relay overhead\s+\d+ ms/);
    expect(await details.innerText()).toMatch(/Usage reported by\s+the provider/);
    expect(await details.innerText()).toMatch(/\$0\.0\d+[\s\S]*input \d+ × \$2\.50 \/ 1,000,000/);
    await details.getByRole('link', { name: 'Website' }).click();
    await page.getByRole('heading', { name: 'Website' }).waitFor();
    expect(problems).toEqual([]);
  });

  it('downloads the filtered rows as CSV', async () => {
    await page.goto(`${world.relay.url}/dashboard/logs?model=gpt-4o-mini`);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download as CSV' }).click(),
    ]);
    const stream = await download.createReadStream();
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const lines = Buffer.concat(chunks).toString().trim().split('\r\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('gpt-4o-mini');
  });
});

async function sendRequest(model: string): Promise<void> {
  await fetch(`${world.relay.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 20, messages: [{ role: 'user', content: 'Hello' }] }),
  });
}
