// The page of models for admins, members, and visitors: which models, from which channels, at what price.
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { appendRows } from '../../../src/metering/log.ts';
import { logRow } from '../stores/rows.ts';
import { openDashboard } from './open-dashboard.ts';

const key = { keys: ['sk-0123456789abcdef'] };

/** The text of a model's row, cell by cell. */
function rowOf(text: string, model: string): string[] {
  const row = new RegExp(`<tr>(<td[^>]*><code id="model-\\d+">${model}</code>.*?)</tr>`, 's').exec(text);
  const cells = (row?.[1] ?? '').split('</td>').map((cell) => cell.replace(/<[^>]+>/g, ' ').trim());
  return cells.map((cell) => cell.replace(/\s+/g, ' '));
}
const modelsOf = (text: string) =>
  [...text.matchAll(/<code id="model-\d+">([^<]+)</g)].map(([, name]) => name);

it('shows a model’s price at the channel that is tried first, patterns of channels included', async () => {
  const { relay, admin } = await openDashboard();
  await relay.channel({ name: 'Exact', provider: 'openai', ...key, models: ['gpt-4o'], priority: 1 });
  await relay.channel({ name: 'Pattern', provider: 'openai', ...key, models: ['gpt-4o*'], priority: 10 });
  await relay.channel({ name: 'Unlisted', provider: 'anthropic', ...key, models: ['house-*'] });
  const { text } = await admin.get('/dashboard/models');
  const [name, input, output, cached, context] = rowOf(text, 'gpt-4o');
  expect(name).toContain('via Pattern → Exact');
  expect(name).toContain('text, image');
  expect([input, output, cached, context]).toEqual(['$2.50', '$10.00', '$1.25', '128K 16K output']);
  expect(modelsOf(text)).toContain('gpt-4o-mini');
  expect(rowOf(text, 'house-\\*')).toEqual(expect.arrayContaining(['house-* Pattern via Unlisted', '–']));
});

it('shows members what their tokens may use, at their group’s price, and no channels', async () => {
  const { relay, admin, member, other } = await openDashboard();
  const models = ['gpt-4o', 'gpt-4o-mini', 'claude-sonnet-4-5'];
  await relay.channel({ name: 'Secret name', provider: 'openai', ...key, models });
  await admin.api('POST', '/groups', { name: 'double', price_multiplier: 2 });
  await admin.api('PATCH', '/accounts/acc_bob', { group: 'double' });
  const first = (await member.api('POST', '/tokens', { name: 'First', models: ['gpt-4o'] })).body.id;
  await member.api('POST', '/tokens', { name: 'Second', models: ['claude-*'] });
  const { text } = await member.get('/dashboard/models');
  expect(modelsOf(text)).toEqual(['claude-sonnet-4-5', 'gpt-4o']);
  expect(rowOf(text, 'gpt-4o').slice(1, 3)).toEqual(['$5.00', '$20.00']);
  expect(text).not.toContain('Secret name');
  expect(text).not.toContain('/dashboard/models/prices');
  expect(modelsOf((await member.get(`/dashboard/models?token=${first}`)).text)).toEqual(['gpt-4o']);
  expect((await other.get(`/dashboard/models?token=${first}`)).status).toBe(404);
  expect(modelsOf((await other.get('/dashboard/models')).text)).toEqual(models.toSorted());
  expect((await member.get('/dashboard/models/prices')).status).toBe(403);
});

it('searches, sorts, and pages', async () => {
  const { relay, admin } = await openDashboard();
  const cheap = Array.from({ length: 60 }, (_, index) => `house-${String(index).padStart(2, '0')}`);
  await relay.channel({ name: 'c', provider: 'openai', ...key, models: [...cheap, 'gpt-4o', 'gpt-4o-mini'] });
  const names = async (query: string) => modelsOf((await admin.get(`/dashboard/models${query}`)).text);
  expect(await names('?search=GPT')).toEqual(['gpt-4o', 'gpt-4o-mini']);
  expect((await names('?sort=input&order=desc')).slice(0, 3)).toEqual(['gpt-4o', 'gpt-4o-mini', 'house-00']);
  expect((await names('?sort=output')).slice(0, 2)).toEqual(['gpt-4o-mini', 'gpt-4o']);
  expect(await names('?cursor=50')).toEqual(cheap.slice(48));
  const { text } = await admin.get('/dashboard/models?search=nothing-like-it');
  expect(text).toContain('No models match.');
});

it('shows how a model did here in the last seven days', async () => {
  const { relay, admin } = await openDashboard();
  await relay.channel({ name: 'c', provider: 'openai', ...key, models: ['gpt-4o'] });
  const row = { requestedModel: 'gpt-4o', createdAtMs: Date.now() - 60_000 };
  await appendRows(
    env.DB,
    [
      logRow({ id: 'r1', ...row, status: 200, ttfbMs: 250 }),
      logRow({ id: 'r2', ...row, status: 502, ttfbMs: null }),
    ],
    [],
  );
  expect(rowOf((await admin.get('/dashboard/models')).text, 'gpt-4o').slice(5, 7)).toEqual(['250 ms', '50%']);
});

it('leads from a model without a price to the form with its name, and asks before a price is reset', async () => {
  const { relay, admin } = await openDashboard();
  await relay.channel({ name: 'c', provider: 'openai', ...key, models: ['house-blend'] });
  const { text } = await admin.get('/dashboard/models');
  expect(rowOf(text, 'house-blend')[1]).toBe('no price');
  expect(text).toContain('href="/dashboard/models/prices?model=house-blend"');
  const old = await admin.get('/dashboard/models?price=house-blend');
  expect(old.headers.get('location')).toBe('/dashboard/models/prices?model=house-blend');
  const form = (await admin.get('/dashboard/models/prices?model=house-blend')).text;
  expect(form).toMatch(/name="model"[^>]*value="house-blend"/);
  await admin.post('/dashboard/models/prices', { model: 'house-blend', input: '1', output: '2' });
  const question = (await admin.get('/dashboard/models/prices/delete?model=house-blend')).text;
  expect(question).toContain('Reset this price?');
  expect((await admin.api('GET', '/prices')).body.data).toHaveLength(1);
  await admin.post('/dashboard/models/prices/delete', { model: 'house-blend' });
  expect((await admin.api('GET', '/prices')).body.data).toEqual([]);
});

it('shows visitors the default group’s models at /pricing if PUBLIC_PRICING is 1, without any channel', async () => {
  const { relay, admin } = await openDashboard({ PUBLIC_PRICING: '1' });
  await relay.channel({ name: 'Secret name', provider: 'openai', ...key, models: ['gpt-4o', 'o9-internal'] });
  await admin.api('PUT', '/groups/default', { models: ['gpt-*'] });
  await admin.api('PATCH', '/groups/default', { models: ['gpt-*'] });
  const { status, headers, text } = await relay.fetch('/pricing');
  expect(status).toBe(200);
  expect(headers.get('cache-control')).toBe('public, max-age=300');
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(modelsOf(text)).toEqual(['gpt-4o']);
  expect(text).not.toContain('Secret name');
  const hidden = await openDashboard();
  expect((await hidden.relay.fetch('/pricing', { redirect: 'manual' })).status).toBe(404);
});

it('describes an alias by the first of its models that is served', async () => {
  const { relay, admin } = await openDashboard();
  await relay.channel({ name: 'c', provider: 'openai', ...key, models: ['gpt-4o'] });
  await admin.api('PUT', '/aliases/smart', { models: ['claude-opus-4-5', 'gpt-4o'] });
  const [name, input] = rowOf((await admin.get('/dashboard/models')).text, 'smart');
  expect(name).toContain('Alias of claude-opus-4-5 → gpt-4o');
  expect(input).toBe('$2.50');
});
