// What raises alerts: ledgers, the health registry, and the hourly review. Each incident begins once and ends.
import { runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AlertEvent } from '../../../src/alerts/alert-event.ts';
import { alertsOf } from '../../../src/alerts/alerts.ts';
import { reviewIncidents } from '../../../src/dashboard/doctor/review-incidents.ts';
import { hourly } from '../../../src/hourly.ts';
import { appendRows } from '../../../src/metering/log.ts';
import { servicesOf } from '../../../src/services.ts';
import { type OpenRelay, openRelay, type Upstream } from '../routes/open-relay.ts';
import { logRow } from '../stores/rows.ts';

const alerts = alertsOf(env.HEALTH);
let relay: OpenRelay;

beforeEach(async () => {
  await env.DB.prepare('DELETE FROM channels').run();
  const open = await alerts.openIncidents();
  await alerts.report(
    open.map(({ event, subject, facts }) => ({ event, subject, facts, status: 'resolved' })),
  );
  relay = openRelay();
  relay.upstream = answered('gpt-4o');
});
afterEach(() => void vi.useRealTimers());

const usage = { prompt_tokens: 1_000, completion_tokens: 1_000, total_tokens: 2_000 };
const choices = [{ message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }];
const answered = (model: string) => () => Response.json({ object: 'chat.completion', model, choices, usage });
const channel = (fields: object = {}) =>
  relay.channel({
    name: 'the channel',
    provider: 'openai',
    keys: ['key-of-the-operator'],
    models: ['*'],
    ...fields,
  });

async function call(token: string, upstream: Upstream = relay.upstream, model = 'gpt-4o') {
  relay.upstream = upstream;
  return relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 1_000, messages: [{ role: 'user', content: 'hi' }] }),
  });
}

const ledgerOf = (id: string) => env.LEDGER.get(env.LEDGER.idFromName(id));
const openOf = async (event: AlertEvent) =>
  (await alerts.openIncidents()).filter((one) => one.event === event);

describe('token.quota_low', () => {
  it('begins when nine tenths are spent and ends when the quota is raised', async () => {
    await channel();
    // A request costs $0.0125.
    const { id, token } = await relay.token({ name: 'nightly', quota_usd: 0.03 });
    await call(token);
    await runDurableObjectAlarm(ledgerOf(id));
    expect(await openOf('token.quota_low')).toEqual([]);
    await relay.manage('PATCH', `/tokens/${id}`, { quota_usd: 0.0265 });
    await call(token);
    for (const _ of [1, 2]) await runDurableObjectAlarm(ledgerOf(id));
    const [incident, ...others] = await openOf('token.quota_low');
    expect(others).toEqual([]);
    expect(incident?.facts).toMatchObject({
      token_id: id,
      token_name: 'nightly',
      limit_usd: 0.0265,
      left_usd: 0.0015,
    });
    await relay.manage('PATCH', `/tokens/${id}`, { quota_usd: 1 });
    await runDurableObjectAlarm(ledgerOf(id));
    expect(await openOf('token.quota_low')).toEqual([]);
  });

  it('begins when a request does not fit, whatever is left', async () => {
    await channel();
    const { id, token } = await relay.token({ quota_usd: 0.001 });
    expect((await call(token)).status).toBe(429);
    await runDurableObjectAlarm(ledgerOf(id));
    expect((await openOf('token.quota_low')).map(({ facts }) => facts.token_id)).toEqual([id]);
    await relay.manage('DELETE', `/tokens/${id}`);
    await runDurableObjectAlarm(ledgerOf(id));
    expect(await openOf('token.quota_low')).toEqual([]);
  });
});

it('account.budget_low begins near the end of the budget and ends when the budget is raised', async () => {
  const id = 'acc_grace';
  const insert = `INSERT INTO accounts (id, name, role, created_at) VALUES (?, 'Grace', 'member', 1)`;
  await env.DB.prepare(insert).bind(id).run();
  await relay.manage('PATCH', `/accounts/${id}`, { budget: { usd: 1, period: 'day' } });
  await appendRows(env.DB, [
    logRow({ id: 'r', accountId: id, createdAtMs: Date.now(), costNanoUsd: 950_000_000 }),
  ]);
  for (const _ of [1, 2]) await hourly(env);
  expect((await openOf('account.budget_low')).map(({ facts }) => facts)).toMatchObject([
    { account_id: id, account_name: 'Grace', spent_usd: 0.95, limit_usd: 1 },
  ]);
  await relay.manage('PATCH', `/accounts/${id}`, { budget: { usd: 10, period: 'day' } });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_001 });
  await hourly(env);
  expect(await openOf('account.budget_low')).toEqual([]);
});

describe('models', () => {
  it('without a price raise an alert until they have one', async () => {
    await channel({ models: ['house-model'] });
    const { id, token } = await relay.token();
    for (const _ of [1, 2]) await call(token, answered('house-model'), 'house-model');
    await runDurableObjectAlarm(ledgerOf(id));
    expect((await openOf('model.unpriced')).map(({ facts }) => facts.model)).toEqual(['house-model']);
    await relay.manage('PUT', '/prices/house-model', { input: 1, output: 1 });
    await servicesOf(env).catalog.refresh(Date.now());
    await hourly(env);
    expect(await openOf('model.unpriced')).toEqual([]);
  });

  it('that an upstream replaces raise an alert until that has not happened for a day', async () => {
    const { id: channelId } = await channel();
    const { id, token } = await relay.token();
    await call(token, answered('gpt-4o-2024-08-06'));
    await runDurableObjectAlarm(ledgerOf(id));
    expect(await openOf('model.substituted')).toEqual([]);
    await call(token, answered('gpt-4o-mini-2024-07-18'));
    await runDurableObjectAlarm(ledgerOf(id));
    const [incident] = await openOf('model.substituted');
    expect(incident?.facts).toMatchObject({
      model: 'gpt-4o',
      served_model: 'gpt-4o-mini-2024-07-18',
      channel_id: channelId,
      channel_name: 'the channel',
    });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 86_300_000 });
    await hourly(env);
    expect(await openOf('model.substituted')).toHaveLength(1);
    vi.setSystemTime(Date.now() + 200_000);
    await hourly(env);
    expect(await openOf('model.substituted')).toEqual([]);
  });
});

describe('channels', () => {
  const failing = () => Response.json({ error: { message: 'overloaded' } }, { status: 503 });
  const rejecting = () =>
    Response.json({ error: { message: 'Incorrect API key provided' } }, { status: 401 });

  it('that fail three times in a row are down until they answer', async () => {
    const { id: channelId } = await channel();
    const { token } = await relay.token();
    for (let failures = 1; failures <= 3; failures++) {
      await call(token, failing);
      await scheduler.wait(50);
      expect(await openOf('channel.down')).toHaveLength(failures < 3 ? 0 : 1);
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    }
    const [incident] = await openOf('channel.down');
    expect(incident?.facts).toMatchObject({
      channel_id: channelId,
      channel_name: 'the channel',
      error: 'overloaded',
    });
    expect((await call(token, answered('gpt-4o'))).status).toBe(200);
    await expect.poll(() => openOf('channel.down')).toEqual([]);
  });

  it('have an alert for a rejected key until it is removed', async () => {
    const { id: channelId } = await channel();
    const { token } = await relay.token();
    for (const _ of [1, 2]) await call(token, rejecting);
    await expect.poll(() => openOf('channel.key_rejected')).toHaveLength(1);
    const [incident] = await openOf('channel.key_rejected');
    expect(incident?.facts).toMatchObject({ channel_id: channelId, error: 'Incorrect API key provided' });
    await hourly(env);
    expect(await openOf('channel.key_rejected')).toHaveLength(1);
    await relay.manage('DELETE', `/channels/${channelId}`);
    await servicesOf(env).catalog.refresh(Date.now());
    await hourly(env);
    expect(await openOf('channel.key_rejected')).toEqual([]);
  });
});

describe('model.retiring', () => {
  const review = (nowMs: number) =>
    reviewIncidents({ alerts, catalog: servicesOf(env).catalog, db: env.DB, nowMs });
  const retiring = async () =>
    (await openOf('model.retiring')).filter(({ subject }) => subject === 'gpt-4.1');

  it('begins once when a model with an announced end is used, says by whom, and ends when nobody uses it', async () => {
    await channel();
    const { id } = await relay.token({ name: 'nightly' });
    const nowMs = Date.now();
    await appendRows(env.DB, [
      logRow({ id: 'ends', createdAtMs: nowMs, tokenId: id, requestedModel: 'gpt-4.1', servedModel: null }),
      logRow({ id: 'stays', createdAtMs: nowMs, tokenId: id, requestedModel: 'no-such-end' }),
    ]);
    for (const _ of [1, 2]) await review(nowMs);
    const [incident, ...others] = await retiring();
    expect(others).toEqual([]);
    expect(incident?.facts).toMatchObject({
      model: 'gpt-4.1',
      sunset: '2027-01-14',
      tokens: 1,
      token_names: 'nightly',
    });
    expect(await openOf('model.retiring')).not.toContainEqual(
      expect.objectContaining({ subject: 'no-such-end' }),
    );
    await review(nowMs + 9 * 86_400_000);
    expect(await retiring()).toEqual([]);
  });

  it('ends when the operator says that the model has no end', async () => {
    await channel();
    const nowMs = Date.now();
    await appendRows(env.DB, [logRow({ id: 'ends', createdAtMs: nowMs, requestedModel: 'gpt-4.1' })]);
    await review(nowMs);
    expect(await retiring()).toHaveLength(1);
    await relay.manage('PUT', '/models/gpt-4.1', { end_date: null });
    await servicesOf(env).catalog.refresh(nowMs);
    await review(nowMs);
    expect(await retiring()).toEqual([]);
    await relay.manage('DELETE', '/models/gpt-4.1');
  });
});
