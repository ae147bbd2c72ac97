// Tests channels in a real browser: adding one from a provider and a key, listing its models, testing, reordering,
// and the display of its failures.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveChromium } from '../../support/chromium.ts';
import { type Handler, startUpstream, type TestUpstream } from '../../support/upstream.ts';
import { type DashboardWorld, newVisitor, setUp, startDashboard } from './dashboard-world.ts';

const json = { 'content-type': 'application/json' };
const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

const serveModels: Handler = ({ path }, response) => {
  const models = { object: 'list', data: [{ id: 'little-1' }, { id: 'little-2' }, { id: 'great-1' }] };
  const message = { role: 'assistant', content: 'Hello' };
  const answer = { id: 'c', object: 'chat.completion', choices: [{ index: 0, message }], usage };
  response.writeHead(200, json).end(JSON.stringify(path.endsWith('/models') ? models : answer));
};
const refusing: Handler = (_request, response) => {
  const error = { message: 'Incorrect API key provided', type: 'invalid_request_error' };
  response.writeHead(401, json).end(JSON.stringify({ error }));
};

let world: DashboardWorld;
let upstream: TestUpstream;
let page: Page;
let problems: string[];

describe.runIf(haveChromium)('channels', () => {
  beforeAll(async () => {
    [world, upstream] = await Promise.all([startDashboard(), startUpstream(serveModels)]);
    ({ page, problems } = await newVisitor(world.browser));
    await setUp(page, world.relay.url);
  });
  afterAll(async () => {
    await world?.stop();
    await upstream?.stop();
  });

  const open = (path: string) => page.goto(world.relay.url + path);
  const row = (name: string) => page.getByRole('row', { name });
  const inOrder = () =>
    page.locator('#channels tbody').first().locator('tr td:first-child a').allInnerTexts();

  it('fetches the upstream’s models and serves those that are selected', async () => {
    await open('/dashboard/channels/new');
    await page.getByLabel('Provider').selectOption('OpenAI-compatible');
    await page.getByLabel('Key').fill('key-abcdefghij-abcdefghij');
    await page.getByText('Advanced').click();
    await page.getByLabel('Name', { exact: true }).fill('Cellar');
    await page.getByLabel('Base URL').fill(`${upstream.url}/v1`);
    await page.getByRole('button', { name: 'Discover models' }).click();
    await page.getByRole('group', { name: 'Models of the provider' }).waitFor();
    expect(await page.getByRole('alert').innerText()).toBe(
      'Draft saved. It stays disabled until you submit.',
    );
    expect(await page.content()).not.toContain('key-abcdefghij-abcdefghij');
    await page.getByLabel('Search models').fill('-1');
    await page.getByRole('button', { name: 'Select all' }).click();
    expect(await page.locator('[name="found"]:checked').count()).toBe(2);
    await page.getByRole('button', { name: 'Submit', exact: true }).click();
    await page.getByRole('heading', { name: 'Channels' }).waitFor();
    expect(await row('Cellar').innerText()).toMatch(/Untested.*little-1, great-1/s);
  });

  it('serves all of the upstream’s models if none is named', async () => {
    await open('/dashboard/channels/new');
    await page.getByLabel('Provider').selectOption('Ollama');
    await page.getByText('Advanced').click();
    await page.getByLabel('Base URL').fill(`${upstream.url}/v1`);
    await page.getByRole('button', { name: 'Submit', exact: true }).click();
    await page.getByRole('heading', { name: 'Channels' }).waitFor();
    expect(await row('Ollama').innerText()).toMatch(/Untested.*little-1, little-2 \+1/s);
  });

  it('tests a channel', async () => {
    await row('Cellar').getByRole('button', { name: 'Test' }).click();
    expect(await page.getByRole('alert').innerText()).toMatch(/^Cellar: Test passed · \d+ ms$/);
  });

  it('reorders channels by keyboard and by pointer, and saves the order', async () => {
    await world.relay.channel({ name: 'Attic', provider: 'openai', keys: ['sk-0123456789'], models: ['x'] });
    await open('/dashboard/channels');
    expect(await inOrder()).toEqual(['Attic', 'Cellar', 'Ollama']);
    await row('Ollama').getByRole('button', { name: /^Move/ }).focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    expect(await inOrder()).toEqual(['Ollama', 'Attic', 'Cellar']);
    expect(await page.locator('#order-note').innerText()).toBe('Ollama: 1 / 3. Moved. Not saved yet.');
    const [from, to] = await Promise.all(
      ['Cellar', 'Attic'].map((name) => row(name).getByRole('button', { name: /^Move/ }).boundingBox()),
    );
    if (!from || !to) throw new Error('the grips are not to be seen');
    await page.mouse.move(from.x + 5, from.y + 5);
    await page.mouse.down();
    await page.mouse.move(to.x + 5, to.y + 5, { steps: 5 });
    await page.mouse.up();
    expect(await inOrder()).toEqual(['Ollama', 'Cellar', 'Attic']);
    await page.getByRole('button', { name: 'Save order' }).click();
    await page.waitForLoadState();
    expect(await inOrder()).toEqual(['Ollama', 'Cellar', 'Attic']);
    const { data } = await world.relay.manage<{ data: { name: string; priority: number }[] }>(
      'GET',
      '/api/channels',
    );
    const byName = Object.fromEntries(data.map(({ name, priority }) => [name, priority]));
    expect(byName.Ollama).toBeGreaterThan(byName.Cellar ?? 0);
    expect(byName.Cellar).toBeGreaterThan(byName.Attic ?? 0);
  });

  it('adds a key, tests only that key, and removes it', async () => {
    await page.getByRole('link', { name: 'Cellar' }).click();
    await page.getByLabel('Add another key').fill('next-0123456789-0123456789');
    await page.getByRole('button', { name: 'Add key' }).click();
    const second = row('next…6789');
    await second.getByRole('button', { name: 'Test' }).click();
    expect(await page.getByRole('alert').innerText()).toContain('Test passed');
    expect(upstream.received.at(-1)?.headers.authorization).toBe('Bearer next-0123456789-0123456789');
    await second.getByRole('link', { name: 'Remove' }).click();
    await page.getByRole('button', { name: 'Remove key' }).click();
    await expect.poll(() => second.count()).toBe(0);
    await row('key-…ghij').waitFor();
    expect(await second.count()).toBe(0);
  });

  it('shows that the upstream refused the key, with the upstream’s message', async () => {
    const { token } = await world.relay.token({ name: 'asks' });
    expect(await sendRequest(token, 'great-1')).toBe(200);
    upstream.handler = refusing;
    expect(await sendRequest(token, 'great-1')).toBe(502);
    await open('/dashboard/channels');
    const text = await row('Cellar').innerText();
    expect(text).toContain('Key rejected');
    expect(text).toContain('Last error');
    await page.getByRole('link', { name: 'Cellar' }).click();
    expect(await row('key-…ghij').innerText()).toContain('Key rejected');
    upstream.handler = serveModels;
    await open('/dashboard/channels');
    await row('Cellar').getByRole('button', { name: 'Test' }).click();
    expect(await row('Cellar').innerText()).not.toContain('Key rejected');
  });

  it('shows today’s time to first byte and errors, and that an upstream is unreachable', async () => {
    const { token } = await world.relay.token({ name: 'second' });
    expect(await sendRequest(token, 'great-1')).toBe(200);
    await upstream.stop();
    expect(await sendRequest(token, 'great-1')).toBe(502);
    await expect
      .poll(
        async () => {
          await open('/dashboard/channels');
          return row('Cellar').innerText();
        },
        { timeout: 15_000, interval: 500 },
      )
      .toMatch(/(Cooling down|Degraded)[\s\S]*\d ms[\s\S]*[1-9]\d?%\s*of \d/);
    expect(problems).toEqual([]);
  });
});

async function sendRequest(token: string, model: string): Promise<number> {
  const { status } = await fetch(`${world.relay.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, ...json },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
  });
  return status;
}
