// Alerts from what raises them to a receiver: each incident once with its end, signed, repeated, and only to public addresses.
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AlertSignal } from '../../../src/alerts/alert-event.ts';
import { alertLimits, alertsOf } from '../../../src/alerts/alerts.ts';
import { type OpenRelay, openRelay, type Received } from '../routes/open-relay.ts';

const hook = 'https://hooks.acme.dev/relay';
const alerts = alertsOf(env.HEALTH);
const dispatcher = () => env.HEALTH.get(env.HEALTH.idFromName('alerts'));

let relay: OpenRelay;
/** What receivers got, and how they answer. */
let received: Received[];
let answer: (request: Received) => Response | Promise<Response>;

beforeEach(async () => {
  await runInDurableObject(dispatcher(), async (_, { storage }) => {
    for (const table of ['incidents', 'endpoints', 'deliveries'])
      storage.sql.exec(`DROP TABLE IF EXISTS ${table}`);
  });
  await runInDurableObject(dispatcher(), (instance) => Object.assign(instance, { opened: null }));
  relay = openRelay();
  received = [];
  answer = () => new Response(null, { status: 204 });
  relay.upstream = (request) => {
    received.push(request);
    return answer(request);
  };
});
afterEach(() => void vi.useRealTimers());

const signal = (fields: Partial<AlertSignal> = {}): AlertSignal => ({
  event: 'channel.down',
  subject: 'ch_1',
  status: 'opened',
  facts: { channel_id: 'ch_1', error: 'status 502' },
  ...fields,
});
const endpoint = async (fields: object = {}) =>
  (await relay.manage('POST', '/webhook-endpoints', { url: hook, ...fields })).body;
const send = () => runDurableObjectAlarm(dispatcher());
const bodies = () => received.map(({ body }) => JSON.parse(body));
const deliveries = async () => (await relay.manage('GET', '/webhook-endpoints/deliveries')).body.data;

describe('an incident', () => {
  it('is announced once, and its end once, signed by Standard Webhooks', async () => {
    const { secret } = await endpoint();
    for (const status of ['opened', 'opened', 'resolved', 'resolved'] as const)
      await alerts.report([signal({ status })]);
    await send();
    expect(bodies().map(({ type, data }) => [type, data.status])).toEqual([
      ['channel.down', 'opened'],
      ['channel.down', 'resolved'],
    ]);
    expect(bodies()[0].data).toMatchObject({
      channel_id: 'ch_1',
      message: 'The channel "ch_1" is down: status 502',
    });
    expect(bodies()[0].data.incident_id).toBe(bodies()[1].data.incident_id);
    for (const { body, headers } of received)
      expect(new Webhook(secret).verify(body, Object.fromEntries(headers))).toEqual(JSON.parse(body));
    const [{ body, headers }] = received as [Received];
    expect(() => new Webhook(secret).verify(`${body} `, Object.fromEntries(headers))).toThrow('signature');
  });

  it('is opened again after its end', async () => {
    await endpoint();
    for (const status of ['opened', 'resolved', 'opened'] as const) await alerts.report([signal({ status })]);
    await send();
    expect(
      bodies()
        .map(({ data }) => data.status)
        .sort(),
    ).toEqual(['opened', 'opened', 'resolved']);
    expect((await relay.manage('GET', '/incidents')).body.data).toHaveLength(1);
  });

  it('ends when the last of its reporters reports the end', async () => {
    const stalled = (status: AlertSignal['status'], reporter: string) =>
      signal({ event: 'log.delivery_stalled', subject: 'log', status, reporter, facts: {} });
    await alerts.report([stalled('opened', 'a'), stalled('opened', 'b'), stalled('resolved', 'a')]);
    expect(await alerts.openIncidents()).toHaveLength(1);
    await alerts.report([stalled('resolved', 'b')]);
    expect(await alerts.openIncidents()).toHaveLength(0);
  });

  it('goes to the endpoints that want the event, in their formats', async () => {
    await endpoint({ events: ['model.unpriced'] });
    await endpoint({ url: `${hook}/slack`, events: ['channel.down'], format: 'slack' });
    await endpoint({ url: `${hook}/discord`, format: 'discord' });
    await alerts.report([signal({ facts: { channel_id: 'ch_1', error: 'a <tag> & @everyone' } })]);
    await send();
    const text = 'The channel "ch_1" is down: a';
    expect(Object.fromEntries(received.map(({ url, body }) => [url, JSON.parse(body)]))).toEqual({
      [`${hook}/slack`]: { text: `🔴 ${text} &lt;tag&gt; &amp; @everyone` },
      [`${hook}/discord`]: { content: `🔴 ${text} <tag> & @everyone`, allowed_mentions: { parse: [] } },
    });
  });

  it('is not recorded beyond the bound', async () => {
    const many = Array.from({ length: alertLimits.openIncidents + 1 }, (_, index) =>
      signal({ subject: `ch_${index}`, facts: {} }),
    );
    await alerts.report(many);
    expect(await alerts.openIncidents()).toHaveLength(alertLimits.openIncidents);
  });
});

describe('a delivery', () => {
  it('is repeated with growing pauses until its receiver, who failed five times, takes it', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await endpoint();
    answer = () => new Response(null, { status: received.length <= 5 ? 500 : 200 });
    await alerts.report([signal()]);
    const pauses: number[] = [];
    for (let attempt = 1; attempt <= 6; attempt++) {
      await send();
      expect(received).toHaveLength(attempt);
      const [{ state, attempts, last_status, next_attempt_at }] = await deliveries();
      expect([state, attempts, last_status]).toEqual(
        attempt < 6 ? ['pending', attempt, 500] : ['delivered', 6, 200],
      );
      if (attempt === 6) break;
      pauses.push(Date.parse(next_attempt_at) - Date.now());
      vi.setSystemTime(Date.parse(next_attempt_at));
    }
    expect(pauses).toEqual([5_000, 10_000, 20_000, 40_000, 80_000]);
    expect(new Set(received.map(({ headers }) => headers.get('webhook-id'))).size).toBe(1);
  });

  it('has failed after a day, and can be sent again with the same id', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    await endpoint();
    answer = () => Promise.reject(new Error('connection refused'));
    const startMs = Date.now();
    await alerts.report([signal()]);
    for (let attempt = 0; attempt < 60; attempt++) {
      await send();
      const [{ next_attempt_at }] = await deliveries();
      if (next_attempt_at === null) break;
      vi.setSystemTime(Date.parse(next_attempt_at));
    }
    const [failed] = await deliveries();
    expect(failed).toMatchObject({
      state: 'failed',
      last_status: null,
      last_error: 'The endpoint cannot be reached.',
    });
    expect(Date.now() - startMs).toBeLessThanOrEqual(alertLimits.retriedMs);
    expect(Date.now() - startMs).toBeGreaterThan(alertLimits.retriedMs - alertLimits.longestPauseMs);
    answer = () => new Response();
    await relay.manage('POST', `/webhook-endpoints/deliveries/${failed.id}/resend`);
    await send();
    expect(received.at(-1)?.headers.get('webhook-id')).toBe(failed.id);
    expect(await deliveries()).toMatchObject([{ id: failed.id, state: 'delivered', attempts: 1 }]);
  });

  it('follows no redirect', async () => {
    await endpoint();
    answer = () => Response.redirect('https://elsewhere.acme.dev/', 307);
    await alerts.report([signal()]);
    await send();
    expect(received.map(({ url }) => url)).toEqual([hook]);
    expect(await deliveries()).toMatchObject([
      { state: 'pending', last_status: 307, last_error: 'The endpoint redirects, which is not followed.' },
    ]);
  });

  it('goes to no private address, even if one was stored', async () => {
    const { id } = await endpoint();
    await runInDurableObject(dispatcher(), (_, { storage }) => {
      storage.sql.exec('UPDATE endpoints SET url = ? WHERE id = ?', 'https://127.0.0.1/hook', id);
    });
    await alerts.report([signal()]);
    await send();
    expect(received).toEqual([]);
    expect((await deliveries())[0].last_error).toMatch(/public host/);
  });

  it('is dropped when it is old, and beyond the bound of its endpoint', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { id } = await endpoint();
    await relay.manage('POST', `/webhook-endpoints/${id}/test`);
    vi.setSystemTime(Date.now() + alertLimits.keptMs - 1);
    await alerts.wake();
    expect(await deliveries()).toHaveLength(1);
    vi.setSystemTime(Date.now() + 2);
    await alerts.wake();
    expect(await deliveries()).toHaveLength(0);
    const pair = (index: number) =>
      (['opened', 'resolved'] as const).map((status) =>
        signal({ subject: `ch_${index}`, status, facts: {} }),
      );
    await alerts.report(
      Array.from({ length: alertLimits.deliveries / 2 + 3 }, (_, index) => pair(index)).flat(),
    );
    const kept = await alerts.deliveries({ endpointId: id, after: null, limit: 2_000 });
    expect(kept).toHaveLength(alertLimits.deliveries);
  });
});

describe('/api/webhook-endpoints', () => {
  it('creates, lists, edits, and deletes, and shows the secret once', async () => {
    const made = await endpoint({ events: ['channel.down'] });
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const { secret: _, ...view } = made;
    expect((await relay.manage('GET', '/webhook-endpoints')).body.data).toEqual([view]);
    expect((await relay.manage('GET', `/webhook-endpoints/${made.id}`)).body).toEqual(view);
    const edit = { url: `${hook}/2`, events: [], format: 'slack' };
    expect((await relay.manage('PATCH', `/webhook-endpoints/${made.id}`, edit)).body).toEqual({
      ...view,
      ...edit,
    });
    await relay.manage('DELETE', `/webhook-endpoints/${made.id}`);
    await expect(relay.manage('GET', `/webhook-endpoints/${made.id}`)).rejects.toThrow('404');
    await runInDurableObject(dispatcher(), (_, { storage }) => {
      expect(JSON.stringify(storage.sql.exec('SELECT * FROM endpoints').toArray())).not.toContain('whsec_');
    });
  });

  it('keep their secrets through a change of ENCRYPTION_KEY', async () => {
    const { id, secret } = await endpoint();
    const restartWith = (keys: object) =>
      runInDurableObject(dispatcher(), (instance) => Object.assign(instance, { env: { ...env, ...keys } }));
    await restartWith({ ENCRYPTION_KEY_NEXT: 'the next key' });
    expect(await alerts.reseal()).toEqual({ resealed: 1, locked: 0 });
    expect(await alerts.reseal()).toEqual({ resealed: 0, locked: 0 });
    await restartWith({ ENCRYPTION_KEY: 'the next key' });
    const tested = (await relay.manage('POST', `/webhook-endpoints/${id}/test`)).body;
    expect(tested.state).toBe('delivered');
    const [{ body, headers }] = received as [Received];
    expect(new Webhook(secret).verify(body, Object.fromEntries(headers))).toMatchObject({ type: 'test' });
    await restartWith({ ENCRYPTION_KEY: 'a wrong key' });
    expect(await alerts.reseal()).toEqual({ resealed: 0, locked: 1 });
    await restartWith({});
  });

  it('sends a test at once and says how it ended', async () => {
    const { id } = await endpoint();
    expect((await relay.manage('POST', `/webhook-endpoints/${id}/test`)).body).toMatchObject({
      type: 'test',
      state: 'delivered',
    });
    answer = () => new Response(null, { status: 404 });
    const failed = (await relay.manage('POST', `/webhook-endpoints/${id}/test`)).body;
    expect(failed).toMatchObject({ state: 'failed', last_status: 404, next_attempt_at: null });
    expect(bodies().map(({ type }) => type)).toEqual(['test', 'test']);
  });

  it.each([
    'http://hooks.acme.dev/',
    'https://10.0.0.1/',
    'https://[::1]/',
    'https://localhost/',
    'https://printer/',
    'nonsense',
  ])('refuses the address %s', async (url) => {
    await expect(endpoint({ url })).rejects.toThrow('400');
  });

  it('takes private addresses where the operator allows them', async () => {
    relay = openRelay({ ALLOW_PRIVATE_WEBHOOKS: '1' });
    expect((await endpoint({ url: 'http://127.0.0.1:9000/hook' })).url).toBe('http://127.0.0.1:9000/hook');
  });

  it('pages deliveries, newest first', async () => {
    const { id } = await endpoint();
    for (const _ of [1, 2, 3]) await relay.manage('POST', `/webhook-endpoints/${id}/test`);
    const first = (await relay.manage('GET', `/webhook-endpoints/deliveries?limit=2&endpoint=${id}`)).body;
    const rest = (
      await relay.manage('GET', `/webhook-endpoints/deliveries?limit=2&cursor=${first.next_cursor}`)
    ).body;
    expect([first.data.length, rest.data.length, rest.next_cursor]).toEqual([2, 1, null]);
    const ids = [...first.data, ...rest.data].map((one: { id: string }) => one.id);
    expect(new Set(ids).size).toBe(3);
  });
});
