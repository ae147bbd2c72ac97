// Tests the dashboard in a real browser: the four documented first steps, and what follows from them.
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveChromium } from '../../support/chromium.ts';
import { type DashboardWorld, newVisitor, setUp, startDashboard } from './dashboard-world.ts';

let world: DashboardWorld;
let page: Page;
let problems: string[];
let token: string;

const messages = [{ role: 'user' as const, content: 'Hello' }];

describe.runIf(haveChromium)('the dashboard', () => {
  beforeAll(async () => {
    world = await startDashboard();
    const admin = await newVisitor(world.browser, { permissions: ['clipboard-read', 'clipboard-write'] });
    ({ page, problems } = admin);
  });
  afterAll(() => world?.stop());

  const chat = () =>
    new OpenAI({ baseURL: `${world.relay.url}/v1`, apiKey: token, maxRetries: 0 }).chat.completions.create({
      model: 'gpt-4o',
      messages,
    });

  it('offers the first visitor to create the admin account with the admin key', async () => {
    await setUp(page, world.relay.url);
    expect(new URL(page.url()).pathname).toBe('/');
  });

  it('creates a token in the four steps of the instructions', async () => {
    await page.goto(world.relay.url);
    await page.locator('.sidebar').getByRole('link', { name: 'Tokens', exact: true }).click();
    await page.getByRole('link', { name: 'Add Token', exact: true }).click();
    await page.getByLabel('Name', { exact: true }).fill('My app');
    await page.getByLabel('Quota in USD').fill('5');
    await page.getByRole('button', { name: 'Submit', exact: true }).click();
    const value = page.getByLabel('Token', { exact: true });
    await page.locator('.once').getByRole('button', { name: 'Copy' }).click();
    token = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(token).toBe(await value.inputValue());
    expect(token).toMatch(/^sk-oo8-[0-9A-Za-z]{49}$/);
    const text = await page.locator('main').innerText();
    expect(text).toContain('Keep it out of client code and repositories');
    expect(text).toContain(`curl ${world.relay.url}/v1/messages`);
  });

  it('created a token that the official SDKs of all three formats accept', async () => {
    const { url } = world.relay;
    expect((await chat()).choices[0]?.message.content).toContain('Hello');
    const message = await new Anthropic({ baseURL: url, apiKey: token }).messages.create({
      model: 'claude-3-5-sonnet-20241022',
      max_tokens: 64,
      messages,
    });
    expect(JSON.stringify(message.content)).toContain('Hello');
    const gemini = new GoogleGenAI({ apiKey: token, httpOptions: { baseUrl: url } });
    const generated = await gemini.models.generateContent({ model: 'gemini-2.0-flash', contents: 'Hello' });
    expect(generated.text).toContain('Hello');
  });

  it('shows the amount spent and the three requests', async () => {
    await expect
      .poll(
        async () => {
          await page.goto(`${world.relay.url}/dashboard/tokens`);
          await page.getByRole('link', { name: 'My app' }).click();
          return page.locator('#log tbody').count();
        },
        { timeout: 20_000, interval: 500 },
      )
      .toBe(3);
    expect(await page.locator('.spend').first().innerText()).toMatch(/\$0\.0\d+.*of \$5\.00/s);
    await page.goto(world.relay.url);
    expect(await page.locator('.figures').innerText()).toMatch(/Requests\s*3/);
  });

  it('edits the allowed models: the next request gets a 403, and a 200 once they are restored', async () => {
    await openToken();
    await page.getByRole('link', { name: 'Edit' }).click();
    await page.getByLabel('gpt-4o-mini').check();
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.getByRole('heading', { name: 'My app' }).waitFor();
    await expect(chat()).rejects.toMatchObject({ status: 403 });
    await page.getByRole('link', { name: 'Edit' }).click();
    await page.getByLabel('gpt-4o-mini').uncheck();
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.getByRole('heading', { name: 'My app' }).waitFor();
    expect((await chat()).choices).toHaveLength(1);
  });

  it('disables, enables and rotates a token', async () => {
    await openToken();
    await page.getByRole('button', { name: 'Disable' }).click();
    await page.getByText('Disabled', { exact: true }).waitFor();
    await expect(chat()).rejects.toMatchObject({ status: 401, code: 'token_disabled' });
    await page.getByRole('button', { name: 'Enable' }).click();
    await page.getByRole('link', { name: 'Rotate' }).click();
    await page.getByLabel('Keep the old secret').selectOption('0');
    await page.getByRole('button', { name: 'Rotate token' }).click();
    const rotated = await page.getByLabel('Token', { exact: true }).inputValue();
    await expect(chat()).rejects.toMatchObject({ status: 401 });
    token = rotated;
    expect((await chat()).choices).toHaveLength(1);
  });

  it('chats in the playground with an own token: several turns, cost, and code to paste', async () => {
    await page.goto(`${world.relay.url}/dashboard/playground`);
    const own = page.locator('#field-token_id option', { hasText: 'My app' });
    await page.getByLabel('Token', { exact: true }).selectOption(await own.getAttribute('value'));
    await page.getByLabel('Model').fill('gpt-4o');
    await page.getByLabel('Message').fill('**Hello** there');
    await page.getByLabel('Message').press('Control+Enter');
    const answers = page.locator('#turns .assistant');
    await expect
      .poll(() => answers.first().innerText(), { timeout: 15_000 })
      .toMatch(/Hello from[\s\S]*\$0\.0\d+/);
    expect(await answers.first().innerText()).toMatch(/first byte \d+ ms/);
    await page.getByLabel('Message').fill('Second');
    await page.getByRole('button', { name: 'Send' }).click();
    await expect.poll(() => answers.count(), { timeout: 15_000 }).toBe(2);
    await expect.poll(() => answers.last().innerText(), { timeout: 15_000 }).toMatch(/\$0\.0\d+/);
    const request = page.locator('#request');
    await page.locator('form.playground .conversation summary').first().click();
    expect(await request.innerText()).toMatch(/Bearer \$RELAY_TOKEN[\s\S]*Hello\*\* there[\s\S]*Second/);
    expect(await page.content()).not.toContain('pg-oo8-');
    await page.getByRole('link', { name: 'Show in the log' }).first().click();
    expect(await page.locator('.log-details').innerText()).toMatch(/Attempts\s+(1\.\s+)?200 demo/);
  });

  it.each(['OpenAI Responses', 'Anthropic', 'Gemini'])(
    'streams an answer in the playground like %s, with a pasted token',
    async (format) => {
      await openPlaygroundWithValue();
      await page.getByLabel('Model').fill('gpt-4o');
      await page.getByLabel('Format').selectOption(format);
      await page.getByRole('button', { name: 'Send' }).click();
      const answer = page.locator('#turns .assistant');
      await expect.poll(() => answer.innerText(), { timeout: 15_000 }).toMatch(/Hello from/);
      expect(await page.locator('#trouble').isHidden()).toBe(true);
    },
  );

  it('shows a refusal in the playground and stops a stream on request', async () => {
    await openPlaygroundWithValue();
    await page.getByLabel('Model').fill('no-such-model');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('#trouble').waitFor();
    expect(await page.locator('#trouble').innerText()).toContain('no-such-model');
    expect(await page.locator('#turns li').count()).toBe(0);
    await page.route('**/v1/chat/completions', () => new Promise(() => undefined));
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByRole('button', { name: 'Stop' }).click();
    await expect.poll(() => page.locator('#trouble').innerText()).toContain('Stopped.');
    expect(await page.getByRole('button', { name: 'Send' }).isEnabled()).toBe(true);
    await page.unroute('**/v1/chat/completions');
  });

  it('deletes a token after a confirmation: the next request gets a 401', async () => {
    await openToken();
    await page.getByRole('link', { name: 'Delete' }).click();
    expect(await page.locator('main').innerText()).toContain('fail immediately');
    await page.getByRole('button', { name: 'Delete token' }).click();
    await page.getByRole('heading', { name: 'Tokens' }).waitFor();
    await expect(chat()).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' });
  });

  it('causes no script error and no content policy violation in the browser', () => {
    expect(problems.filter((text) => !text.includes('status of 40'))).toEqual([]);
  });

  async function openPlaygroundWithValue(): Promise<void> {
    await page.goto(`${world.relay.url}/dashboard/playground`);
    await page.getByLabel('Token', { exact: true }).selectOption({ label: 'Another token …' });
    await page.getByLabel('Token value').fill(token);
  }

  async function openToken(): Promise<void> {
    await page.goto(`${world.relay.url}/dashboard/tokens`);
    await page.getByRole('link', { name: 'My app' }).click();
    await page.getByRole('heading', { name: 'My app' }).waitFor();
  }
});
