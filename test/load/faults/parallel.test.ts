// A thousand parallel requests of a token whose quota admits a hundred, in three formats and through two relays
// with the same ledgers. The upstream delays its responses until all are decided: exactly a hundred are served.
// Three orders in `npm test`, ten with `npm run test:long`.
import { Agent, request as startRequest } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededNumbers } from '../../support/fixtures.ts';
import { type RelayGroup, startRelayGroup } from '../../support/relay-group.ts';
import { wholeOrShort } from '../../support/test-length.ts';
import { startUpstream, type TestUpstream } from '../../support/upstream.ts';

const orders = wholeOrShort(10, 3);
const seeds = Array.from({ length: orders }, (_, index) => 100 + index);
const requestCount = 1_000;
const room = 100;

/** One USD a million tokens of output: each request may have a thousand, in every format. */
const price = { input: 0, output: 1 };
const mostTokens = 1_000;
const reserveNanoUsd = mostTokens * 1_000;
const usedTokens = 700;

const hi = [{ role: 'user', content: 'hi' }];
const formats = [
  ['/v1/chat/completions', { model: 'p-openai', max_tokens: mostTokens, messages: hi }],
  ['/v1/messages', { model: 'p-anthropic', max_tokens: mostTokens, messages: hi }],
  [
    '/v1beta/models/p-gemini:generateContent',
    { contents: [{ parts: [{ text: 'hi' }] }], generationConfig: { maxOutputTokens: mostTokens } },
  ],
] as const;

function respondAt(path: string): object {
  if (path.includes('chat'))
    return { choices: [], usage: { prompt_tokens: 1, completion_tokens: usedTokens, total_tokens: 0 } };
  if (path.includes('messages'))
    return { type: 'message', content: [], usage: { input_tokens: 1, output_tokens: usedTokens } };
  return { candidates: [], usageMetadata: { promptTokenCount: 1, candidatesTokenCount: usedTokens } };
}

let relays: RelayGroup;
let upstream: TestUpstream;
let held: (() => void)[] = [];

beforeAll(async () => {
  upstream = await startUpstream(({ path }, response) => {
    held.push(() => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(respondAt(path)));
    });
  });
  relays = await startRelayGroup(2);
  for (const provider of ['openai', 'anthropic', 'gemini']) {
    const model = `p-${provider}`;
    await relays.channel({ name: model, provider, base_url: upstream.url, keys: ['key'], models: [model] });
    await relays.manage('PUT', `/api/prices/${model}`, price);
  }
});
afterAll(async () => {
  await relays?.stop();
  await upstream?.stop();
});

it.each(seeds)(
  'admits exactly a hundred of a thousand parallel requests, seed %i',
  async (seed) => {
    held = [];
    upstream.received.length = 0;
    const { id, token } = await relays.token({ quota_usd: (room * reserveNanoUsd) / 1e9 });
    const random = seededNumbers(seed);
    const statuses: number[] = [];
    const calls = Array.from({ length: requestCount }, async () => {
      const format = formats[Math.floor(random() * 3)] ?? formats[0];
      const status = await send(relays.urls[random() < 0.5 ? 0 : 1] ?? '', format, token);
      statuses.push(status);
    });
    await until(() => statuses.length + held.length >= requestCount);
    const { reserved_usd, open_requests } = await balanceOf(id);
    expect({ held: held.length, reserved: Math.round(reserved_usd * 1e9), open_requests }).toEqual({
      held: room,
      reserved: room * reserveNanoUsd,
      open_requests: room,
    });
    expect(statuses.filter((status) => status !== 429 && status !== 402)).toEqual([]);
    for (const answer of held) answer();
    await Promise.all(calls);
    expect(statuses.filter((status) => status === 200)).toHaveLength(room);
    expect(upstream.received).toHaveLength(room);
    await until(async () => (await balanceOf(id)).open_requests === 0);
    const { spent_usd } = await balanceOf(id);
    expect(Math.round(spent_usd * 1e9)).toBe(room * usedTokens * 1_000);
  },
  120_000,
);

const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });

/** Sends a request without waiting for others, and returns the status. */
function send(url: string, [path, body]: (typeof formats)[number], token: string): Promise<number> {
  const text = JSON.stringify(body);
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  };
  return new Promise((resolve, reject) => {
    const clientRequest = startRequest(url + path, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    });
    clientRequest.on('error', reject);
    clientRequest.end(text);
  });
}

function balanceOf(id: string) {
  return relays.manage<{ spent_usd: number; reserved_usd: number; open_requests: number }>(
    'GET',
    `/api/tokens/${id}`,
  );
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > deadlineMs) throw new Error(`not within a minute; ${held.length} are held`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
