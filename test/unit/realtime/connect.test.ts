// Tests how long an upstream may take to answer the upgrade, and how many targets a session tries.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Connection, Connector, type OpenUpstream } from '../../../src/realtime/connect.ts';
import { realtimeLimits } from '../../../src/realtime/limits.ts';
import { reasonOfSession } from '../../../src/realtime/money.ts';
import type { SessionOrder } from '../../../src/realtime/order.ts';
import { sessionCandidates, sessionRoutes } from '../../../src/realtime/routes.ts';
import { Catalog } from '../../../src/routing/catalog.ts';
import { KeyRing } from '../../../src/routing/key-ring.ts';
import { SharedHealth } from '../../../src/routing/shared-health.ts';
import { plainChannel } from '../../support/plain-channel.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const scope = { group: 'default', bounds: { channels: [] } };
const order = { requestId: 'req_1', headers: {} } as SessionOrder;

const namesOf = (models: number) => Array.from({ length: models }, (_, index) => `model-${index}`);
const liveChannel = (id: string, models: string[]) => ({
  ...plainChannel(id),
  plainKeys: ['k'],
  lastResort: false,
  models,
});

/** Returns a connector for an alias of that many models with five channels each, and the addresses that it calls. */
function connectorOf(models: number, answer: OpenUpstream, channelsOf = fiveOfEach) {
  const names = namesOf(models);
  const channels = channelsOf(names);
  const aliases = [{ name: 'all', models: names }];
  const catalog = new Catalog({ channels, groups: [], overrides: [], aliases });
  const routes = sessionRoutes(catalog, sessionCandidates('all', [], catalog), 'openai', scope);
  const called: string[] = [];
  const connector = new Connector(order, routes, ({ channel }) => channel.id, {
    keys: new KeyRing([] as never),
    health: new SharedHealth({ exchange: async () => ({}) }),
    open: (url, headers, signal) => {
      called.push(url);
      return answer(url, headers, signal);
    },
    background: () => undefined,
  });
  return { connector, called };
}

function fiveOfEach(names: string[]) {
  return names.flatMap((model) =>
    Array.from({ length: 5 }, (_, index) => liveChannel(`${model} ${index}`, [model])),
  );
}

/** Returns a refusal as the runtime does: without a socket. */
const refusal = (status: number): Response =>
  Object.assign(new Response('{}', { status }), { webSocket: null });

const never: OpenUpstream = (_url, _headers, signal) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

it('moves to the next target if an upstream does not answer the upgrade in time', async () => {
  const { connector, called } = connectorOf(1, never);
  let connection: Connection | null = null;
  void connector.next().then((found) => {
    connection = found;
  });
  await vi.advanceTimersByTimeAsync(realtimeLimits.connectMs - 1);
  expect(called).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(called).toHaveLength(2);
  expect(connector.attempts).toMatchObject([{ status: null, durationMs: realtimeLimits.connectMs }]);
  await vi.advanceTimersByTimeAsync(2 * realtimeLimits.connectMs - 1);
  expect(connection).toBeNull();
  await vi.advanceTimersByTimeAsync(1);
  expect(connection).toMatchObject({ outcome: 'failed', error: { code: 'upstream_timeout' } });
});

it('waits for an upstream that answers just in time', async () => {
  const answer: OpenUpstream = (_url, _headers, signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      setTimeout(() => resolve(refusal(400)), realtimeLimits.connectMs - 1);
    });
  const { connector, called } = connectorOf(1, answer);
  const next = connector.next();
  await vi.advanceTimersByTimeAsync(realtimeLimits.connectMs - 1);
  expect(await next).toMatchObject({ outcome: 'answered' });
  expect(called).toHaveLength(1);
});

it('says in words why no socket was opened, without the key', async () => {
  const channels = ([name = '']: string[]) =>
    [1, 2, 3].map((index) => ({
      ...liveChannel(`ch ${index}`, [name]),
      plainKeys: ['Kj83hfPQ0zLmN4vXw2RtY7uB'],
    }));
  const answers = [
    () => new Response('<html><title>502 Bad Gateway</title></html>', { status: 502 }),
    () => Response.json({ error: { message: 'No key Kj83hfPQ0zLmN4vXw2RtY7uB.' } }, { status: 401 }),
    () => Promise.reject(new Error('connect to gateway.acme.dev failed')),
  ];
  const answer = async () =>
    Object.assign(await (answers.shift() ?? never)('', new Headers(), new AbortController().signal), {
      webSocket: null,
    });
  const { connector } = connectorOf(1, answer, channels);
  await connector.next();
  expect(connector.attempts.map(({ message }) => message)).toEqual([
    'HTML page, status 502: 502 Bad Gateway',
    'No key ….',
    'The model provider cannot be reached. (connect to … failed)',
  ]);
});

describe('the reason of a session and its turns', () => {
  it.each([
    [null, null, null, null],
    ['client_left', null, 'caller', 'The client left before the answer was complete.'],
    ['upstream_closed_1008', 'API key not valid', 'upstream', 'API key not valid'],
    ['server_error', 'You said "a long secret text of the prompt"', 'upstream', 'You said "…"'],
    [
      'insufficient_quota',
      'The quota of this API key is used up.',
      'relay',
      'The quota of this API key is used up.',
    ],
  ])('is known for %s', (code, text, errorClass, errorMessage) => {
    expect(reasonOfSession(code, text, ['gpt-realtime'])).toEqual({
      errorCode: code,
      errorClass,
      errorMessage,
    });
  });
});

describe('the targets of a session', () => {
  it.each([1, 2, 3])('are limited for each of %i models, and tried in the models’ order', async (models) => {
    const { connector, called } = connectorOf(models, async () => refusal(503));
    expect(await connector.next()).toMatchObject({ outcome: 'failed', error: { code: 'upstream_error' } });
    const perModel = Array.from({ length: models }, (_, index) =>
      called.filter((name) => name.startsWith(`model-${index} `)),
    );
    expect(perModel.map(({ length }) => length)).toEqual(perModel.map(() => realtimeLimits.targets));
    expect(new Set(called).size).toBe(called.length);
    expect(called.map((name) => name.split(' ')[0])).toEqual(called.map((name) => name.split(' ')[0]).sort());
  });

  it('are tried again for the next model if they answered', async () => {
    const ofAll = (names: string[]) => [liveChannel('one', names)];
    const limited = connectorOf(3, async () => refusal(429), ofAll);
    await limited.connector.next();
    expect(limited.called).toEqual(['one', 'one', 'one']);
    const answers: OpenUpstream[] = [async () => refusal(401), async () => Promise.reject(new Error('gone'))];
    for (const answer of answers) {
      const { connector, called } = connectorOf(3, answer, ofAll);
      await connector.next();
      expect(called).toEqual(['one']);
    }
  });

  it('are reported as failed if they close before their first frame', async () => {
    const { connector } = connectorOf(1, async () => refusal(404));
    await connector.next();
    connector.lost({ code: 1011, reason: '' }, false);
    expect(connector.attempts).toMatchObject([{ status: 404, error: 'closed with 1011' }]);
  });
});

describe('a refusal by every target', () => {
  const answering = (status: number, body: string, headers = {}) =>
    connectorOf(1, async () =>
      Object.assign(new Response(body, { status, headers }), { webSocket: null }),
    ).connector.next();

  it.each([408, 429, 500, 503, 529])('with %i passes on the last target’s answer', async (status) => {
    const refused = await answering(status, '{"error":{"message":"Busy."}}', { 'retry-after': '7' });
    if (refused.outcome !== 'failed' || refused.answer === null) return expect.fail(refused.outcome);
    expect(refused.answer.status).toBe(status);
    expect(refused.answer.headers.get('retry-after')).toBe('7');
    expect(await refused.answer.text()).toBe('{"error":{"message":"Busy."}}');
  });

  it.each([
    [401, '{}'],
    [402, '{}'],
    [403, '{}'],
    [429, '{"error":{"code":"insufficient_quota"}}'],
  ])('of the relay’s own key or account (%i %s) is hidden from the caller', async (status, body) => {
    const refused = await answering(status, body);
    expect(refused).toMatchObject({
      outcome: 'failed',
      error: { code: 'upstream_refused_relay' },
      answer: null,
    });
  });
});
