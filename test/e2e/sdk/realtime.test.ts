// Runs OpenAI's official realtime client in Node: recorded conversations, byte for byte both ways, charged by
// their usages; ephemeral secrets; and a third-party imitation of the API (CopilotKit's aimock).
import { connect } from 'node:net';
import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { costNanoUsd, tableRates } from '../../../src/metering/price.ts';
import { usageOfResponse } from '../../../src/realtime/openai/usage.ts';
import { openRealtime } from '../../support/realtime-client.ts';
import { replaying, type Transcript, transcripts } from '../../support/realtime-replay.ts';
import { answering, type RealtimeUpstream, startRealtimeUpstream } from '../../support/realtime-upstream.ts';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { nano, rowsOf, sleep } from '../sockets/scene.ts';

let relay: TestRelay;
let upstream: RealtimeUpstream;
let plain: RealtimeUpstream;
let mock: LLMock;
let current: Transcript;

beforeAll(async () => {
  mock = new LLMock({ port: 0 });
  mock.onMessage(/hello/i, { content: 'Hello from the other imitation.' });
  [relay, upstream, plain] = await Promise.all([
    startRelay(),
    startRealtimeUpstream(replaying(() => current)),
    startRealtimeUpstream(answering(() => ({ input: 10, output: 10 }))),
  ]);
  await mock.start();
  for (const provider of ['openai', 'azure', 'openai-compatible'])
    await relay.channel({
      name: provider,
      provider,
      base_url: upstream.url,
      keys: [`key-of-${provider}`],
      models: [`at-${provider}`],
      model_map: { [`at-${provider}`]: 'gpt-realtime' },
    });
  await relay.channel({
    name: 'mock',
    provider: 'openai',
    base_url: mock.url,
    keys: ['k'],
    models: ['gpt-realtime-mini'],
  });
  await relay.channel({
    name: 'plain',
    provider: 'openai',
    base_url: plain.url,
    keys: ['k'],
    models: ['gpt-realtime'],
  });
  await relay.manage('PUT', '/api/prices/at-*', { input: 4, output: 16 });
});
afterAll(async () => {
  await relay?.stop();
  await upstream?.stop();
  await plain?.stop();
  await mock?.stop();
});

/** Connects the SDK. It requires wss, but the tests' relay has no certificate: the socket below is a plain one. */
function sdk(token: string, model: string): OpenAIRealtimeWS {
  const client = new OpenAI({ apiKey: token, baseURL: `${relay.url}/v1` });
  const { hostname, port } = new URL(relay.url);
  const createConnection = () => connect(Number(port), hostname);
  return new OpenAIRealtimeWS({ model, options: { createConnection: createConnection as never } }, client);
}

describe.each(transcripts())('the SDK’s conversation $name', (transcript) => {
  it('has byte-identical frames both ways, and is charged once for each response', async () => {
    current = transcript;
    const { id, token } = await relay.token({ quota_usd: 10 });
    const rt = sdk(token, `at-${transcript.provider}`);
    const received: string[] = [];
    const errors: unknown[] = [];
    rt.on('error', (error) => errors.push(error));
    let arrived = () => {};
    rt.socket.on('message', (data) => {
      received.push(String(data));
      arrived();
    });
    await new Promise((resolve, reject) => rt.socket.once('open', resolve).once('error', reject));
    let served = 0;
    for (const { dir, event } of transcript.lines) {
      if (dir === 'client') rt.send(event as never);
      else {
        served += 1;
        while (received.length < served) await new Promise<void>((resolve) => (arrived = resolve));
      }
    }
    const [session] = upstream.sessions.slice(-1);
    rt.close({ code: 1000, reason: 'OK' });
    await sleep(300);
    const sent = transcript.lines
      .filter(({ dir }) => dir === 'client')
      .map(({ event }) => JSON.stringify(event));
    expect(session?.received).toEqual(sent);
    expect(received).toEqual(session?.sent);
    expect(errors).toEqual([]);
    expect(session?.closed).toEqual({ code: 1000, reason: 'OK' });
    const usages = transcript.lines.flatMap(({ event }) =>
      event.type === 'response.done' ? (usageOfResponse(event as never) ?? []) : [],
    );
    const rows = (await rowsOf(relay, id, usages.length + 1)).filter(
      ({ usage_source }) => usage_source !== null,
    );
    const costs = usages.map(({ inputTokens, outputTokens }) => inputTokens * 4_000 + outputTokens * 16_000);
    expect(rows.map(({ cost_usd }) => nano(cost_usd)).sort()).toEqual(costs.sort());
    expect(usages.length).toBeGreaterThan(0);
  });
});

it('prices the recorded usages of gpt-realtime by kind of token', () => {
  const rates = tableRates('openai', 'gpt-realtime', undefined, new Date());
  const usage = {
    input_tokens: 103,
    output_tokens: 24,
    input_token_details: { cached_tokens: 64, cached_tokens_details: { text_tokens: 64 } },
    output_token_details: { text_tokens: 9, audio_tokens: 15 },
  };
  const read = usageOfResponse({ type: 'response.done', response: { usage } });
  expect(rates && read && costNanoUsd(read, rates)).toBe(39 * 4_000 + 64 * 400 + 9 * 16_000 + 15 * 64_000);
});

it('connects the SDK through the relay to an imitated third-party upstream', async () => {
  const { id, token } = await relay.token({ quota_usd: 1 });
  const rt = sdk(token, 'gpt-realtime-mini');
  const texts: string[] = [];
  rt.on('error', (error) => expect.fail(String(error)));
  rt.on('response.output_text.delta', ({ delta }) => texts.push(delta));
  const done = new Promise<void>((resolve) => rt.on('response.done', () => resolve()));
  await new Promise((resolve) => rt.on('session.created', resolve));
  rt.send({ type: 'session.update', session: { type: 'realtime', output_modalities: ['text'] } });
  rt.send({
    type: 'conversation.item.create',
    item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello!' }] },
  });
  rt.send({ type: 'response.create' });
  await done;
  expect(texts.join('')).toBe('Hello from the other imitation.');
  rt.close();
  const rows = await rowsOf(relay, id, 2);
  expect(rows.filter(({ usage_source }) => usage_source !== null)).toHaveLength(1);
});

describe('an ephemeral secret', () => {
  const client = (token: string) => new OpenAI({ apiKey: token, baseURL: `${relay.url}/v1`, maxRetries: 0 });

  it('opens sessions of its model with its settings, counts against its token, and is revoked with it', async () => {
    const { id, token } = await relay.token({ limits: { concurrency: 1 } });
    const session = { type: 'realtime' as const, model: 'gpt-realtime', instructions: 'Be brief.' };
    const minted = await client(token).realtime.clientSecrets.create({ session });
    expect(minted.value).toMatch(/^ek_[\w-]+$/);
    expect(minted.session).toMatchObject({
      type: 'realtime',
      model: 'gpt-realtime',
      instructions: 'Be brief.',
    });
    expect(Math.abs(minted.expires_at - Date.now() / 1_000 - 600)).toBeLessThan(5);
    const opened = await openRealtime(relay.url, null, {
      query: '',
      protocols: ['realtime', `openai-insecure-api-key.${minted.value}`],
    });
    await opened.next('session.updated');
    expect(plain.sessions.at(-1)?.received.map((text) => JSON.parse(text))).toMatchObject([
      { type: 'session.update', session: { type: 'realtime', instructions: 'Be brief.' } },
    ]);
    await expect(openRealtime(relay.url, minted.value)).rejects.toMatchObject({ status: 429 });
    await expect(
      openRealtime(relay.url, minted.value, { query: '?model=gpt-realtime-mini' }),
    ).rejects.toMatchObject({ status: 403 });
    opened.say({ type: 'session.update', session: { type: 'realtime', model: 'gpt-realtime-mini' } });
    expect(await opened.next('error')).toMatchObject({ error: { code: 'model_not_allowed' } });
    opened.say({ type: 'response.create' });
    await opened.next('response.done');
    await relay.manage('DELETE', `/api/tokens/${id}`);
    expect((await opened.closed).code).toBe(1008);
    await expect(openRealtime(relay.url, minted.value)).rejects.toMatchObject({ status: 401 });
  });

  it('is refused after its expiry, when altered, and on any other route', async () => {
    const { token } = await relay.token();
    const create = {
      session: { type: 'realtime' as const, model: 'gpt-realtime' },
      expires_after: { anchor: 'created_at' as const, seconds: 10 },
    };
    const { value } = await client(token).realtime.clientSecrets.create(create);
    const altered = value.slice(0, -3) + (value.endsWith('AAA') ? 'BBB' : 'AAA');
    await expect(openRealtime(relay.url, altered)).rejects.toMatchObject({
      status: 401,
      body: { error: { code: 'invalid_api_key' } },
    });
    await expect(
      client(value).chat.completions.create({ model: 'gpt-4o', messages: [] }),
    ).rejects.toMatchObject({ status: 401 });
    await sleep(10_200);
    await expect(openRealtime(relay.url, value)).rejects.toMatchObject({
      status: 401,
      body: { error: { code: 'token_expired' } },
    });
  });

  it.each([
    [{ session: { type: 'realtime' } }, 400, 'session.model'],
    [
      { session: { type: 'realtime', model: 'gpt-realtime' }, expires_after: { seconds: 9 } },
      400,
      'expires_after.seconds',
    ],
    [
      { session: { type: 'realtime', model: 'gpt-realtime' }, expires_after: { seconds: 7_201 } },
      400,
      'expires_after.seconds',
    ],
    [{ session: { type: 'realtime', model: 'nobody-has-it' } }, 404, null],
    [
      {
        session: {
          type: 'realtime',
          model: 'gpt-realtime',
          instructions: Array.from({ length: 3_000 }, (_, index) => (index * 7919) % 100_003).join(' '),
        },
      },
      400,
      'session',
    ],
  ])('is not created from %j', async (body, status, param) => {
    const { token } = await relay.token();
    const answer = await mint(token, 'client_secrets', body);
    expect(answer.status).toBe(status);
    expect(((await answer.json()) as { error: { param: unknown } }).error.param).toBe(param);
  });

  it('is created by the older endpoint too', async () => {
    const { token } = await relay.token({ models: ['gpt-realtime'] });
    const minted = await mint(token, 'sessions', { model: 'gpt-realtime', voice: 'alloy' });
    const answer = (await minted.json()) as { client_secret: { value: string } };
    expect(answer).toMatchObject({ object: 'realtime.session', model: 'gpt-realtime', voice: 'alloy' });
    const opened = await openRealtime(relay.url, answer.client_secret.value);
    await opened.next('session.updated');
    opened.socket.close();
    expect((await mint(token, 'sessions', { model: 'gpt-realtime-mini' })).status).toBe(403);
  });

  const mint = (token: string, name: string, body: object) =>
    fetch(`${relay.url}/v1/realtime/${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
});
