// Checks every page of the dashboard: no axe-core finding in light, dark and phone layouts.
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveChromium } from '../../support/chromium.ts';
import { type DashboardWorld, logIn, newVisitor, setUp, startDashboard } from './dashboard-world.ts';

const axe = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');

let world: DashboardWorld;
let tokenId: string;
let channelId: string;
let requestId: string;
let invitation: string;

interface Finding {
  id: string;
  impact: string;
  nodes: string[];
}

/**
 * Returns the findings. The script is evaluated, not added to the page, because the content policy would refuse it. Only
 * colors differ between the two color schemes.
 */
async function findings(page: Page, colorScheme: 'light' | 'dark' = 'light'): Promise<Finding[]> {
  await page.evaluate(axe);
  const rules = colorScheme === 'dark' ? `{ runOnly: ['color-contrast'] }` : '';
  return page.evaluate<Finding[]>(
    `axe.run(${rules}).then(({ violations }) => violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map((node) => node.html.slice(0, 160)) })))`,
  );
}

/** Pages by name: those for signed-in users, and those for visitors. */
const pages = (): Record<string, string> => ({
  overview: '/?range=month',
  tokens: '/dashboard/tokens',
  'tokens-sorted': '/dashboard/tokens?sort=name&order=asc',
  'tokens-none': '/dashboard/tokens?search=nothing-is-called-this',
  'token-new': '/dashboard/tokens/new',
  token: `/dashboard/tokens/${tokenId}`,
  'token-edit': `/dashboard/tokens/${tokenId}/edit`,
  'token-delete': `/dashboard/tokens/${tokenId}/delete`,
  logs: '/dashboard/logs',
  'logs-wrong': '/dashboard/logs?status=9999',
  request: `/dashboard/logs/${requestId}`,
  'request-none': '/dashboard/logs/req_none',
  playground: '/dashboard/playground',
  'playground-token': `/dashboard/playground?token=${tokenId}`,
  channels: '/dashboard/channels',
  'channel-new': '/dashboard/channels/new',
  channel: `/dashboard/channels/${channelId}`,
  'channel-delete': `/dashboard/channels/${channelId}/delete`,
  connect: '/dashboard/connect',
  'connect-tool': '/dashboard/connect?tool=claude-code',
  usage: '/dashboard/usage?range=7d&and=token',
  'usage-wrong': '/dashboard/usage?range=custom',
  models: '/dashboard/models',
  prices: '/dashboard/models/prices?model=gpt-4o',
  'price-reset': '/dashboard/models/prices/delete?model=gpt-4o',
  groups: '/dashboard/groups',
  'group-new': '/dashboard/groups/new',
  group: '/dashboard/groups/trial',
  'group-delete': '/dashboard/groups/trial/delete',
  people: '/dashboard/people',
  person: '/dashboard/people/acc_admin',
  'person-delete': '/dashboard/people/acc_admin/delete',
  alerts: '/dashboard/alerts',
  'alert-endpoint-new': '/dashboard/alerts/new',
  audit: '/dashboard/audit',
  account: '/dashboard/account',
  docs: '/docs/quickstart',
  'docs-tables': '/docs/channels',
  'docs-reference': '/docs/api-reference',
  'docs-search': '/docs/search?q=quota',
  missing: '/dashboard/nothing',
});

describe.runIf(haveChromium)('every page', () => {
  beforeAll(async () => {
    world = await startDashboard();
    const { relay, browser } = world;
    const first = await newVisitor(browser);
    await first.page.goto(relay.url);
    expect(await findings(first.page)).toEqual([]);
    await saveScreenshot(first.page, 'setup');
    await setUp(first.page, relay.url);
    await first.context.close();
    const { id, token } = await relay.token({
      name: 'Website',
      quota_usd: 0.0005,
      models: ['gpt-4o', 'claude-*'],
    });
    await relay.token({ name: 'Nightly reports' });
    tokenId = id;
    for (const model of ['gpt-4o', 'gpt-4o', 'gemini-2.0-flash']) await sendRequest(token, model);
    const failing = {
      name: 'OpenAI',
      provider: 'openai',
      keys: ['sk-proj-0123456789abcdef'],
      models: ['gpt-5*'],
    };
    channelId = (await relay.channel({ ...failing, base_url: 'http://127.0.0.1:9' })).id;
    await relay.manage('PUT', '/api/prices/gpt-4o', { input: 2.5, output: 10 });
    await relay.manage('POST', '/api/groups', { name: 'trial', models: ['gpt-*'], limits: { rpm: 20 } });
    await relay.manage('PUT', '/api/aliases/smart', { models: ['claude-opus-4-5', 'gpt-4o'] });
    const { secret } = await relay.manage<{ secret: string }>('POST', '/api/invites', { name: 'Bob' });
    invitation = `/dashboard/invite?secret=${secret}`;
    requestId = await firstRequestId();
  });
  afterAll(() => world?.stop());

  it('fails the accessibility check when it has a known fault', async () => {
    const { page, context } = await newVisitor(world.browser);
    await page.setContent('<main><img src="data:,"><p style="color: #eee; background: #fff">pale</p></main>');
    const found = (await findings(page)).map(({ id }) => id);
    expect(found).toEqual(expect.arrayContaining(['image-alt', 'color-contrast']));
    await context.close();
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has no axe-core finding in the ${colorScheme} color scheme`, async () => {
      const { page, problems, context } = await newVisitor(world.browser, { colorScheme });
      await page.goto(world.relay.url + invitation);
      expect(await findings(page, colorScheme)).toEqual([]);
      await page.goto(`${world.relay.url}/dashboard/login`);
      expect(await findings(page, colorScheme)).toEqual([]);
      await saveScreenshot(page, `login-${colorScheme}`);
      await logIn(page, world.relay.url);
      for (const [name, path] of Object.entries(pages())) {
        await page.goto(world.relay.url + path);
        await saveScreenshot(page, `${name}-${colorScheme}`);
        // Collapsed content is checked too.
        await page.evaluate('for (const part of document.querySelectorAll("details")) part.open = true');
        expect([name, await findings(page, colorScheme)]).toEqual([name, []]);
      }
      await page.goto(`${world.relay.url}/dashboard/tokens/new`);
      await page.getByLabel('Name', { exact: true }).fill('Seen once');
      await page.getByRole('button', { name: 'Submit' }).click();
      await page.locator('.once').waitFor();
      expect(await findings(page, colorScheme)).toEqual([]);
      await saveScreenshot(page, `token-once-${colorScheme}`);
      expect(problems.filter((text) => !text.includes('status of 40'))).toEqual([]);
      await context.close();
    }, 180_000);
  }

  it('fits a phone of 390 pixels: rows of tables are cards', async () => {
    const { page, context } = await newVisitor(world.browser, { viewport: { width: 390, height: 844 } });
    await logIn(page, world.relay.url);
    for (const [name, path] of Object.entries(pages())) {
      await page.goto(world.relay.url + path);
      const width = await page.evaluate<number>('document.documentElement.scrollWidth');
      expect([name, width]).toEqual([name, 390]);
      const cut = await page.evaluate<number>(
        `[...document.querySelectorAll('.table')].filter((one) => one.scrollWidth > one.clientWidth).length`,
      );
      expect([name, cut]).toEqual([name, 0]);
      await saveScreenshot(page, `${name}-phone`);
    }
    const sections = page.getByRole('navigation', { name: 'Sections' });
    expect(await sections.isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Menu' }).click();
    await sections.getByRole('link', { name: 'Channels' }).click();
    await page.getByRole('heading', { name: 'Channels', level: 1 }).waitFor();
    await context.close();
  });

  it('shows times in the browser’s zone, with UTC in the tooltip', async () => {
    const { page, context } = await newVisitor(world.browser, { timezoneId: 'Asia/Shanghai' });
    await logIn(page, world.relay.url);
    await page.goto(`${world.relay.url}/dashboard/logs/${requestId}`);
    const time = page.locator('main time').first();
    const at = Date.parse((await time.getAttribute('datetime')) ?? '');
    const inShanghai = new Date(at + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
    expect(await time.innerText()).toBe(inShanghai);
    const utc = new Date(at).toISOString().slice(0, 19).replace('T', ' ');
    expect(await time.getAttribute('title')).toMatch(new RegExp(`^${utc} UTC · .* ago$`));
    expect(await page.locator('#zone').innerText()).toContain('in your time zone');
    await context.close();
  });

  it('goes to the search field by /, lists the shortcuts by ?, and can switch them off', async () => {
    const { page, context } = await newVisitor(world.browser);
    await logIn(page, world.relay.url);
    await page.goto(`${world.relay.url}/dashboard/tokens`);
    const focused = () => page.evaluate<string>('document.activeElement.name ?? ""');
    await page.keyboard.press('/');
    expect(await focused()).toBe('search');
    // In a field the keys are text.
    await page.keyboard.type('?/');
    expect(await page.getByRole('searchbox').inputValue()).toBe('?/');
    await page.locator('h1').click();
    await page.keyboard.press('?');
    const list = page.getByRole('dialog', { name: 'Shortcuts' });
    await list.waitFor();
    expect(await findings(page)).toEqual([]);
    await list.getByLabel('Use shortcuts').uncheck();
    await list.getByRole('button', { name: 'Close' }).click();
    await page.reload();
    await page.keyboard.press('?');
    expect(await list.isVisible()).toBe(false);
    await context.close();
  });

  it('works by keyboard: the first stop is the link to the content, and every control can be reached', async () => {
    const { page, context } = await newVisitor(world.browser);
    await logIn(page, world.relay.url);
    await page.goto(`${world.relay.url}/dashboard/tokens`);
    await page.keyboard.press('Tab');
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Skip to content');
    const reached = new Set<string>();
    for (let stop = 0; stop < 40; stop += 1) {
      await page.keyboard.press('Tab');
      reached.add(await page.evaluate<string>('document.activeElement.textContent.trim()'));
    }
    for (const name of ['Tokens', 'Add Token', 'Website', 'Log out', 'Filter'])
      expect([...reached]).toContain(name);
    await context.close();
  });
});

/** Saves the page as an image if SCREENSHOTS names a folder. */
async function saveScreenshot(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

async function sendRequest(token: string, model: string): Promise<void> {
  await fetch(`${world.relay.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 20, messages: [{ role: 'user', content: 'Hello' }] }),
  });
}

/** Returns the id of the first answered request in the log. */
async function firstRequestId(): Promise<string> {
  for (let tries = 0; tries < 100; tries += 1) {
    const { data } = await world.relay.manage<{ data: { id: string; status: number }[] }>('GET', '/api/logs');
    const answered = data.find(({ status }) => status === 200);
    if (answered !== undefined) return answered.id;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('no request has come to the log');
}
