// Rate-limit headers in the caller's format, on responses and on refusals.
import { beforeEach, expect, it } from 'vitest';
import { addChannels, type OpenRelay, openRelay } from './open-relay.ts';

let relay: OpenRelay;

beforeEach(async () => {
  relay = openRelay();
  await addChannels(relay);
  relay.upstream = ({ url }) =>
    Response.json(
      url.includes('messages')
        ? { type: 'message', content: [], usage: { input_tokens: 10, output_tokens: 5 } }
        : url.includes('generateContent')
          ? { candidates: [], usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5 } }
          : { choices: [], usage: { prompt_tokens: 10, completion_tokens: 5 } },
    );
});

const hi = [{ role: 'user', content: 'hi' }];
const requests = {
  openai: ['/v1/chat/completions', { model: 'gpt-4o', max_tokens: 50, messages: hi }],
  anthropic: ['/v1/messages', { model: 'claude-3-5-haiku-20241022', max_tokens: 50, messages: hi }],
  gemini: [
    '/v1beta/models/gemini-2.0-flash:generateContent',
    { contents: [{ parts: [{ text: 'hi' }] }], generationConfig: { maxOutputTokens: 50 } },
  ],
} as const;

function send(format: keyof typeof requests, token: string) {
  const [path, body] = requests[format];
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return relay.fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

const limitHeaders = (headers: Headers) =>
  Object.fromEntries([...headers].filter(([name]) => name.includes('ratelimit')));

it('reports limits to OpenAI’s clients in x-ratelimit-*, with Go’s durations', async () => {
  const { token } = await relay.token({ limits: { rpm: 2, tpm: 10_000 } });
  const first = await send('openai', token);
  expect(first.status).toBe(200);
  const sentHeaders = limitHeaders(first.headers);
  expect(sentHeaders).toMatchObject({
    'x-ratelimit-limit-requests': '2',
    'x-ratelimit-remaining-requests': '1',
    'x-ratelimit-limit-tokens': '10000',
  });
  // At admission only the input of the request counts.
  expect(Number(sentHeaders['x-ratelimit-remaining-tokens'])).toBeLessThan(10_000);
  expect(Number(sentHeaders['x-ratelimit-remaining-tokens'])).toBeGreaterThan(9_950);
  expect(sentHeaders['x-ratelimit-reset-requests']).toMatch(/^(1m)?[0-9.]+s$/);
  await send('openai', token);
  const refused = await send('openai', token);
  expect(refused.status).toBe(429);
  expect(refused.body.error).toMatchObject({ type: 'rate_limit_error', code: 'rate_limit_exceeded' });
  expect(limitHeaders(refused.headers)).toMatchObject({ 'x-ratelimit-remaining-requests': '0' });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(45);
});

it('reports limits to Anthropic’s clients in anthropic-ratelimit-*, with the time of the reset', async () => {
  const { token } = await relay.token({ limits: { rpm: 1, tpm: 10_000 } });
  const sentHeaders = limitHeaders((await send('anthropic', token)).headers);
  expect(sentHeaders).toMatchObject({
    'anthropic-ratelimit-requests-limit': '1',
    'anthropic-ratelimit-requests-remaining': '0',
    'anthropic-ratelimit-tokens-limit': '10000',
  });
  expect(sentHeaders['anthropic-ratelimit-requests-reset']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const resetMs = Date.parse(sentHeaders['anthropic-ratelimit-requests-reset'] ?? '') - Date.now();
  expect(resetMs).toBeGreaterThan(50_000);
  expect(resetMs).toBeLessThan(62_500);
  const refused = await send('anthropic', token);
  expect(refused.status).toBe(429);
  expect(refused.body.error.type).toBe('rate_limit_error');
  expect(refused.headers.get('anthropic-ratelimit-requests-remaining')).toBe('0');
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
});

it('reports to Gemini’s clients when to retry in RetryInfo, besides retry-after', async () => {
  const { token } = await relay.token({ limits: { rpm: 1 } });
  expect(limitHeaders((await send('gemini', token)).headers)).toEqual({});
  const refused = await send('gemini', token);
  expect(refused.status).toBe(429);
  const wait = refused.headers.get('retry-after');
  expect(refused.body.error.details).toContainEqual({
    '@type': 'type.googleapis.com/google.rpc.RetryInfo',
    retryDelay: `${wait}s`,
  });
});

it('sends no limit headers for a token without limits', async () => {
  const { token } = await relay.token({ limits: { concurrency: 5 } });
  expect(limitHeaders((await send('openai', token)).headers)).toEqual({});
});

it('never passes the upstream’s limit headers on', async () => {
  const { token } = await relay.token({ limits: { rpm: 7 } });
  relay.upstream = () =>
    Response.json(
      { choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } },
      { headers: { 'x-ratelimit-limit-requests': '10000', 'x-ratelimit-limit-tokens': '9' } },
    );
  const sentHeaders = limitHeaders((await send('openai', token)).headers);
  expect(sentHeaders['x-ratelimit-limit-requests']).toBe('7');
  expect(sentHeaders).not.toHaveProperty('x-ratelimit-limit-tokens');
});

it('counts the tokens of a model without a price too', async () => {
  await relay.channel({
    name: 'own',
    provider: 'openai-compatible',
    base_url: 'https://models.test/v1',
    keys: ['k'],
    models: ['no-price'],
  });
  const { token } = await relay.token({ limits: { tpm: 10_000 } });
  const post = (content: string) =>
    relay.fetch('/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'no-price', messages: [{ role: 'user', content }] }),
    });
  expect((await post('hi')).status).toBe(200);
  const refused = await post('word '.repeat(20_000));
  expect([refused.status, refused.body.error.code]).toEqual([429, 'rate_limit_exceeded']);
});

it('admits "hi" under a tpm of 3,000, and a coding agent’s request under one of 30,000', async () => {
  const few = await relay.token({ limits: { tpm: 3_000 } });
  expect((await send('openai', few.token)).status).toBe(200);
  const withoutBound = { model: 'gpt-4o', messages: hi };
  const reply = await relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: `Bearer ${few.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(withoutBound),
  });
  expect(reply.status).toBe(200);
  const many = await relay.token({ limits: { tpm: 30_000 } });
  const tools = Array.from({ length: 20 }, (_, index) => ({
    name: `tool_${index}`,
    description: 'Reads and writes files. '.repeat(100),
    input_schema: { type: 'object', properties: {} },
  }));
  const agent = (messages: object[]) =>
    relay.fetch('/v1/messages', {
      method: 'POST',
      headers: { authorization: `Bearer ${many.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'claude-3-5-haiku-20241022', max_tokens: 32_000, tools, messages }),
    });
  expect((await agent(hi)).status).toBe(200);
  // A long history was the input of earlier requests, so the provider has cached it.
  const history = Array.from({ length: 100 }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: 'Some words of an earlier turn. '.repeat(100),
  }));
  relay.upstream = () =>
    Response.json({
      type: 'message',
      content: [],
      usage: { input_tokens: 10, cache_read_input_tokens: 90_000, output_tokens: 5 },
    });
  for (let turn = 0; turn < 3; turn++) expect((await agent([...history, ...hi])).status).toBe(200);
});

it('refuses input beyond the whole limit permanently: no SDK may retry', async () => {
  const { token } = await relay.token({ limits: { tpm: 1_000 } });
  const body = { model: 'gpt-4o', messages: [{ role: 'user', content: 'word '.repeat(5_000) }] };
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const refused = await relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  expect([refused.status, refused.body.error.code]).toEqual([429, 'rate_limit_exceeded']);
  expect(refused.headers.get('x-should-retry')).toBe('false');
  expect(refused.headers.get('retry-after')).toBeNull();
  // A full minute, by contrast, is temporary.
  await relay.fetch('/v1/chat/completions', {
    method: 'POST',
    headers,
    body: JSON.stringify({ model: 'gpt-4o', messages: hi }),
  });
  relay.upstream = () => Response.json({ choices: [], usage: { prompt_tokens: 10, completion_tokens: 990 } });
  expect((await send('openai', token)).status).toBe(200);
  const later = await send('openai', token);
  expect([later.status, later.headers.get('x-should-retry')]).toEqual([429, null]);
  expect(Number(later.headers.get('retry-after'))).toBeGreaterThan(0);
});
