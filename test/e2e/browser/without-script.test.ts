// Tests every form of the dashboard without script.
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveChromium } from '../../support/chromium.ts';
import { admin, type DashboardWorld, logIn, newVisitor, setUp, startDashboard } from './dashboard-world.ts';

let world: DashboardWorld;

describe.runIf(haveChromium)('the dashboard without script', () => {
  let page: Page;
  beforeAll(async () => {
    world = await startDashboard();
    const { relay, browser } = world;
    ({ page } = await newVisitor(browser, { javaScriptEnabled: false }));
    await setUp(page, relay.url);
  });
  afterAll(() => world?.stop());

  const open = (path: string) => page.goto(world.relay.url + path);
  /** Clicks, and waits until the next page has loaded completely. */
  const follow = async (target: Locator) => {
    await target.click();
    await page.waitForLoadState();
  };
  const press = (name: string) => follow(page.getByRole('button', { name, exact: true }));

  it('adds, edits, tops up, rotates, disables and deletes a token', async () => {
    await open('/dashboard/tokens/new');
    await page.getByLabel('Name', { exact: true }).fill('Plain');
    await page.getByLabel('Quota in USD').fill('1.123456789');
    await page.getByLabel('More models or patterns').fill('claude-*\ngpt-4.1');
    await press('Submit');
    expect(await page.getByLabel('Token', { exact: true }).inputValue()).toMatch(/^sk-oo8-/);
    await page.getByRole('link', { name: 'I have copied it' }).click();
    await page.getByLabel('Add to the quota').fill('1');
    await press('Top up');
    expect(await page.locator('main').innerText()).toContain('$2.12');
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await page.getByLabel('Name', { exact: true }).fill('Plainer');
    await press('Submit');
    await page.getByRole('heading', { name: 'Plainer' }).waitFor();
    expect(await page.locator('main').innerText()).toContain('claude-*, gpt-4.1');
    await follow(page.getByRole('link', { name: 'Rotate', exact: true }));
    await press('Rotate token');
    expect(await page.getByLabel('Token', { exact: true }).inputValue()).toMatch(/^sk-oo8-/);
    await page.getByRole('link', { name: 'I have copied it' }).click();
    await press('Disable');
    await page.getByRole('button', { name: 'Enable' }).waitFor();
    await page.getByRole('link', { name: 'Delete' }).click();
    await press('Delete token');
    expect(await page.locator('main').innerText()).toContain('No tokens yet');
  });

  it('shows an error beside the field and preserves the input', async () => {
    await open('/dashboard/tokens/new');
    await page.getByLabel('Name', { exact: true }).fill('Office');
    await page.getByText('Expiry, IP addresses, and limits').click();
    await page.getByLabel('Allowed IP addresses').fill('10.0.0.0/8\n10.1');
    await press('Submit');
    expect(await page.locator('#help-allowed_ips').innerText()).toContain('must be an IPv4 or IPv6 address');
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Office');
    expect(await page.getByLabel('Allowed IP addresses').inputValue()).toBe('10.0.0.0/8\n10.1');
  });

  it('adds a channel from a provider and a key, then tests, edits and deletes it', async () => {
    await open('/dashboard/channels/new');
    await page.getByLabel('Provider').selectOption('openai-compatible');
    await page.getByLabel('Key').fill('key-0123456789abcdef');
    await page.getByText('Advanced').click();
    await page.getByLabel('Base URL').fill('http://127.0.0.1:9');
    await page.getByLabel('Models').fill('local-model');
    await press('Submit');
    await page.getByRole('heading', { name: 'Channels' }).waitFor();
    const text = await page.locator('main').innerText();
    expect(text).toContain('OpenAI-compatible');
    expect(await page.content()).not.toContain('key-0123456789abcdef');
    await press('Test');
    expect(await page.getByRole('alert').innerText()).toContain('Test failed');
    await page.getByRole('link', { name: 'OpenAI-compatible' }).click();
    await page.getByLabel('Priority').fill('7');
    await press('Submit');
    expect(await page.getByLabel('Priority: OpenAI-compatible').inputValue()).toBe('7');
    await page.getByLabel('Priority: OpenAI-compatible').fill('9');
    await page.getByLabel('Weight: OpenAI-compatible').fill('3');
    await press('Save order');
    expect(await page.getByLabel('Priority: OpenAI-compatible').inputValue()).toBe('9');
    expect(await page.getByLabel('Weight: OpenAI-compatible').inputValue()).toBe('3');
    await page.getByRole('link', { name: 'OpenAI-compatible' }).click();
    await page.getByLabel('Add another key').fill('next-0123456789-0123456789');
    await press('Add key');
    const added = page.getByRole('row', { name: 'next…6789' });
    await follow(added.getByRole('link', { name: 'Remove' }));
    await press('Remove key');
    expect(await page.getByRole('status').innerText()).toBe('Key removed.');
    expect(await added.count()).toBe(0);
    await press('Discover models');
    expect(await page.getByRole('alert').innerText()).toContain('Couldn’t list models');
    await page.getByRole('link', { name: 'Delete' }).click();
    await press('Delete channel');
    expect(await page.locator('main').innerText()).toContain('No channels yet');
  });

  it('switches the language and back without leaving the page', async () => {
    await open('/dashboard/tokens?search=office');
    await press('简体中文');
    expect(new URL(page.url()).search).toBe('?search=office');
    expect(await page.getAttribute('html', 'lang')).toBe('zh-CN');
    await page.getByRole('heading', { name: '令牌' }).waitFor();
    await page.getByRole('link', { name: '渠道' }).click();
    await page.getByRole('heading', { name: '渠道' }).waitFor();
    await press('English');
    await page.getByRole('heading', { name: 'Channels' }).waitFor();
  });

  it('sorts the token list by its headings', async () => {
    for (const name of ['bravo', 'Alpha', 'charlie']) await world.relay.token({ name });
    await open('/dashboard/tokens?status=active');
    const names = () => page.locator('tbody td.name a').allInnerTexts();
    await follow(page.getByRole('link', { name: 'Name', exact: true }));
    expect(await names()).toEqual(['Alpha', 'bravo', 'charlie']);
    await follow(page.getByRole('link', { name: 'Name', exact: true }));
    expect(await names()).toEqual(['charlie', 'bravo', 'Alpha']);
    expect(await page.locator('th[aria-sort]').getAttribute('aria-sort')).toBe('descending');
    expect(await page.getByLabel('Status').inputValue()).toBe('active');
  });

  it('sets a custom price and removes it', async () => {
    await open('/dashboard/models/prices');
    await page.getByLabel('Model', { exact: true }).fill('gpt-4o');
    await page.getByLabel('Input', { exact: true }).fill('1.5');
    await page.getByLabel('Output', { exact: true }).fill('6');
    await press('Set price');
    await follow(page.getByRole('link', { name: 'Reset to default' }));
    await press('Reset to default');
    expect(await page.locator('main').innerText()).toContain('No custom prices – defaults apply.');
  });

  it('adds an alias, shows what is wrong with another, and removes the first', async () => {
    await open('/dashboard/models/prices');
    await page.getByLabel('Alias', { exact: true }).fill('smart');
    await page.getByLabel('Models', { exact: true }).fill('claude-opus-4-5\ngpt-4o');
    await press('Set alias');
    expect(await page.locator('main').innerText()).toContain('claude-opus-4-5 → gpt-4o');
    await page.getByLabel('Alias', { exact: true }).fill('smarter');
    await page.getByLabel('Models', { exact: true }).fill('smart');
    await press('Set alias');
    expect(await page.locator('#help-alias_models').innerText()).toContain('`smart` is an alias itself');
    await follow(page.getByRole('link', { name: 'Remove', exact: true }));
    await press('Remove');
    expect(await page.locator('main').innerText()).toContain(
      'No aliases. An alias is a name that stands for',
    );
  });

  it('adds a group, assigns a token to it, edits it, and deletes it once empty', async () => {
    await open('/dashboard/groups');
    expect(await page.locator('main').innerText()).toContain('Only the default group exists');
    await page.getByRole('link', { name: 'Add Group' }).click();
    await page.getByLabel('Name', { exact: true }).fill('two words');
    await press('Submit');
    expect(await page.locator('#help-name').innerText()).toContain('must be letters, digits');
    await page.getByLabel('Name', { exact: true }).fill('trial');
    await page.getByLabel('Price multiplier').fill('1.2');
    await page.getByLabel('More models or patterns').fill('gpt-4o*');
    await page.getByLabel('Requests per minute').fill('20');
    await press('Submit');
    const row = page.getByRole('row', { name: 'trial' });
    expect(await row.innerText()).toMatch(/× 1\.2.*gpt-4o\*.*Requests per minute: 20/s);
    await open('/dashboard/tokens/new');
    await page.getByLabel('Name', { exact: true }).fill('On trial');
    await page.getByLabel('Group').selectOption('trial');
    await press('Submit');
    const token = await page.getByLabel('Token', { exact: true }).inputValue();
    const models = await fetch(`${world.relay.url}/v1/models`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const listed = (await models.json()) as { data: { id: string }[] };
    expect(listed.data.map(({ id }) => id).sort()).toEqual(['gpt-4o', 'gpt-4o-mini']);
    await open('/dashboard/groups/trial');
    await page.getByRole('link', { name: 'Delete' }).click();
    await press('Delete group');
    expect(await page.getByRole('alert').innerText()).toContain('There are tokens or accounts in the group');
    await open('/dashboard/tokens');
    await page.getByRole('link', { name: 'On trial' }).click();
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await page.getByLabel('Group').selectOption('default');
    await press('Submit');
    await open('/dashboard/groups/trial/delete');
    await press('Delete group');
    expect(await page.locator('main').innerText()).toContain('Only the default group exists');
  });

  it('filters the log and sends a playground request', async () => {
    const { token } = await world.relay.token({ name: 'asks' });
    await open('/dashboard/playground');
    await page.getByLabel('Token', { exact: true }).selectOption({ label: 'Another token …' });
    await page.getByLabel('Token value').fill(token);
    await page.getByLabel('Model').fill('claude-3-5-sonnet-20241022');
    await page.getByLabel('Format').selectOption('anthropic');
    await press('Send');
    expect(await page.locator('#answer').innerText()).toMatch(/Hello from the demo/);
    expect(await page.locator('#turns .caption').innerText()).toMatch(/^Status 200 · /);
    expect(await page.content()).toContain('x-api-key: $RELAY_TOKEN');
    expect(await page.content()).not.toContain(token);
    await expect
      .poll(
        async () => {
          await open('/dashboard/logs');
          await page.getByLabel('Model').fill('claude-3-5-sonnet-20241022');
          await press('Filter');
          return page.locator('#log tbody').count();
        },
        { timeout: 15_000 },
      )
      .toBe(1);
  });

  it('invites a member, who sees only their own data', async () => {
    await open('/dashboard/people');
    await page.getByLabel('Name', { exact: true }).fill('Bob');
    await press('Invite');
    const link = await page.getByLabel('Link').inputValue();
    const member = await newVisitor(world.browser, { javaScriptEnabled: false });
    await member.page.goto(link);
    await member.page.getByLabel('Email').fill('bob@example.com');
    await member.page.getByLabel('Password').fill('another fine password');
    await member.page.getByRole('button', { name: 'Create account' }).click();
    await member.page.getByRole('heading', { name: 'Overview' }).waitFor();
    const sections = await member.page.locator('.sidebar nav li').allInnerTexts();
    expect(sections).toEqual([
      'Overview',
      'Playground',
      'Connect',
      'Tokens',
      'Logs',
      'Usage',
      'Models',
      'Docs',
    ]);
    await member.page.goto(`${world.relay.url}/dashboard/tokens`);
    expect(await member.page.locator('main').innerText()).toContain('No tokens yet');
    await member.page.goto(link);
    expect(await member.page.locator('main').innerText()).toContain('This invitation was already used');
    await open('/dashboard/people');
    await page.getByLabel('Budget in USD: Bob').fill('12.5');
    await follow(page.getByRole('row', { name: 'Bob' }).getByRole('button', { name: 'Save' }));
    expect(await page.getByLabel('Budget in USD: Bob').inputValue()).toBe('12.5');
    await follow(page.getByRole('row', { name: 'Bob' }).getByRole('link', { name: 'Disable' }));
    await press('Disable account');
    await member.page.goto(world.relay.url);
    expect(new URL(member.page.url()).pathname).toBe('/dashboard/login');
  });

  it('ends other sessions, creates an access key, changes the password, signs out and in', async () => {
    const other = await newVisitor(world.browser);
    await logIn(other.page, world.relay.url);
    await open('/dashboard/account');
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await other.page.goto(world.relay.url);
    expect(new URL(other.page.url()).pathname).toBe('/dashboard/login');
    await page.getByLabel('Name', { exact: true }).fill('CI');
    await press('Create key');
    const key = await page.getByLabel('Access key').inputValue();
    const listed = await fetch(`${world.relay.url}/api/tokens`, {
      headers: { authorization: `Bearer ${key}` },
    });
    expect(listed.status).toBe(200);
    await open('/dashboard/account');
    await page.getByLabel('Current password').fill(admin.password);
    await page.getByLabel('New password').fill('a newer password');
    await press('Update password');
    expect(await page.getByRole('alert').innerText()).toContain('Password updated');
    await press('Log out');
    await page.getByLabel('Email').fill(admin.email);
    await page.getByLabel('Password').fill(admin.password);
    await press('Log in');
    expect(await page.getByRole('alert').innerText()).toBe('Wrong email or password.');
    await page.getByLabel('Password').fill('a newer password');
    await press('Log in');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });
});
