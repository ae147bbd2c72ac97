// Tests Claude on Bedrock for every SDK: an imitation verifies each signature and answers in frames with
// checksums.
import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chunkFrame, damaged, exceptionFrame } from '../../../support/event-stream.ts';
import { startRelay, type TestRelay } from '../../../support/relay.ts';
import { collect, raisedBy } from '../../../support/sdk-world.ts';
import { startUpstream, type TestUpstream } from '../../../support/upstream.ts';
import { callers } from '../matrix/callers.ts';
import { formats, type Script } from '../matrix/script.ts';
import { calls, handBack, secondTurn, secondTurnOrRefusal, toolQuestion } from '../matrix/tool-loop.ts';
import { scriptedModel } from '../matrix/upstream-formats.ts';
import { type BedrockAnswer, framesOf, imitatedBedrock } from './imitated-bedrock.ts';
import { keyStates, rowOf } from './log.ts';

const region = 'eu-central-1';
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const temporary = { ...credentials, accessKeyId: 'ASIAIOSFODNN7EXAMPLE', sessionToken: 'FwoGZXIvYXdzEBc+/=' };
const bearer = 'ABSKQmVkcm9ja0FQSUtleS0xMjM0NTY3ODkw';
const model = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0';
const arn = `arn:aws:bedrock:${region}:123456789012:inference-profile/${model}`;
const script: Script = {
  text: 'Hallo – 世界',
  stop: 'stop',
  usage: { input: 1_000, cached: 200, output: 50, reasoning: 0 },
};
const answers = new Map<string, BedrockAnswer>();

let relay: TestRelay;
let bedrock: TestUpstream;
let session: TestUpstream;
let anthropic: TestUpstream;
let token: string;
let tokenId: string;

beforeAll(async () => {
  const answer = (body: Record<string, unknown>, name: string): BedrockAnswer => {
    const found = answers.get(name);
    if (found !== undefined) return found;
    return name === model ? secondTurnOrRefusal('anthropic-messages', body) : script;
  };
  const options = { region, credentials, bearer, answer, control };
  bedrock = await startUpstream(imitatedBedrock(options));
  session = await startUpstream(imitatedBedrock({ ...options, credentials: temporary }));
  anthropic = await startUpstream(scriptedModel(() => script));
  relay = await startRelay();
  await channel('bedrock', [model, 'claude-mapped', 'claude-arn'], {
    model_map: { 'claude-mapped': 'eu.anthropic.claude-opus-4-5-20251101-v1:0', 'claude-arn': arn },
  });
  ({ token, id: tokenId } = await relay.token());
});

afterAll(async () => {
  await Promise.all([relay?.stop(), bedrock?.stop(), session?.stop(), anthropic?.stop()]);
});

const keyOf = ({ accessKeyId, secretAccessKey }: typeof credentials) => `${accessKeyId}:${secretAccessKey}`;

function channel(name: string, models: string[], fields: Record<string, unknown> = {}) {
  return relay.channel({
    name,
    provider: 'bedrock',
    base_url: bedrock.url,
    keys: [keyOf(credentials)],
    settings: { region },
    models,
    ...fields,
  });
}

/** Adds a channel of Anthropic's own API with a lower priority. */
function behind(name: string, models: string[]) {
  const fields = { provider: 'anthropic', base_url: anthropic.url, keys: ['own-key'], priority: -1 };
  return relay.channel({ name, models, ...fields });
}

const client = (headers = {}) =>
  new Anthropic({ apiKey: token, baseURL: relay.url, maxRetries: 0, defaultHeaders: headers });
const question = (name: string) => ({
  model: name,
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'Hello' }],
});

function control(path: string) {
  if (path === '/foundation-models?byProvider=anthropic') {
    return {
      modelSummaries: [{ modelId: 'anthropic.claude-3-haiku-20240307-v1:0' }, { modelId: 'amazon.nova' }],
    };
  }
  const pages: Record<string, object> = {
    '/inference-profiles?maxResults=1000': {
      inferenceProfileSummaries: [{ inferenceProfileId: model }],
      nextToken: 'a+b/c=',
    },
    '/inference-profiles?maxResults=1000&nextToken=a%2Bb%2Fc%3D': {
      inferenceProfileSummaries: [{ inferenceProfileId: 'global.anthropic.claude-opus-4-5-20251101-v1:0' }],
    },
  };
  return (pages[path] as Record<string, unknown> | undefined) ?? null;
}

describe('an SDK on Bedrock', () => {
  for (const caller of formats) {
    it.each([false, true])(
      `${caller} passes tools and signed thoughts both ways, streamed: %s`,
      async (stream) => {
        const { body, call } = callers[caller];
        const target = { url: relay.url, token };
        const first = await call(target, body(toolQuestion, model), stream);
        expect(first.view.calls).toEqual(calls.map(({ name, args }) => ({ name, args })));
        const second = await call(target, handBack[caller](body(toolQuestion, model), first.answer), stream);
        expect(second.view.text).toBe(secondTurn.text);
      },
    );
  }

  it('reads and streams as from Anthropic, without the operator’s metrics', async () => {
    const { data, response } = await client().messages.create(question('claude-mapped')).withResponse();
    expect(data.content).toMatchObject([{ type: 'text', text: script.text }]);
    expect(response.headers.get('x-relay-upstream-request-id')).toBe('aws-request-1');
    expect([...response.headers.keys()].filter((name) => name.startsWith('x-amzn-'))).toEqual([]);
    const streamed = await fetch(`${relay.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': token, 'content-type': 'application/json' },
      body: JSON.stringify({ ...question('claude-mapped'), stream: true }),
    });
    expect(streamed.headers.get('content-type')).toContain('text/event-stream');
    const text = await streamed.text();
    expect(text).toMatch(/^event: message_start\ndata: \{"type":"message_start"/);
    expect(text).toMatch(/event: message_stop\ndata: \{"type":"message_stop"\}\n\n$/);
    expect(text).not.toContain('invocationMetrics');
  });

  it('is charged at Bedrock’s own price, by model name and by the profile’s ARN', async () => {
    // $3.30, $0.33 cached and $16.50 per million: Sonnet 4.5 in a region.
    const nanoUsd = 800 * 3_300 + 200 * 330 + 50 * 16_500;
    await client().messages.create(question('claude-arn'));
    const row = await rowOf(relay, tokenId, 'claude-arn');
    expect(row).toMatchObject({
      input_tokens: 1_000,
      cached_tokens: 200,
      output_tokens: 50,
      upstream_model: arn,
    });
    expect(Math.round((row.cost_usd ?? 0) * 1e9)).toBe(nanoUsd);
    expect(bedrock.received.at(-1)?.path).toBe(`/model/${encodeURIComponent(arn)}/invoke`);
  });

  it('sends betas in the body, and reports those that Bedrock does not know', async () => {
    const betas = 'context-1m-2025-08-07,oauth-2025-04-20, advanced-tool-use-2025-11-20';
    const { response } = await client({ 'anthropic-beta': betas })
      .messages.create(question('claude-mapped'))
      .withResponse();
    const sent = JSON.parse(String(bedrock.received.at(-1)?.body));
    expect(sent.anthropic_beta).toEqual(['context-1m-2025-08-07', 'tool-search-tool-2025-10-19']);
    expect(response.headers.get('x-relay-dropped')).toBe('anthropic-beta.oauth-2025-04-20');
    const strict = client({ 'anthropic-beta': betas, 'x-relay-strict': '1' });
    const raised = await raisedBy(() => strict.messages.create(question('claude-mapped')));
    expect(raised).toBeInstanceOf(Anthropic.BadRequestError);
    expect(raised.message).toContain('oauth-2025-04-20');
  });
});

describe('Bedrock keys', () => {
  it('may be temporary credentials or Bedrock API keys', async () => {
    const { accessKeyId, secretAccessKey, sessionToken } = temporary;
    await channel('temporary', ['claude-session'], {
      base_url: session.url,
      keys: [`${accessKeyId}:${secretAccessKey}:${sessionToken}`],
    });
    await channel('api key', ['claude-bearer'], { keys: [bearer] });
    for (const name of ['claude-session', 'claude-bearer']) {
      expect((await client().messages.create(question(name))).stop_reason).toBe('end_turn');
    }
    expect(bedrock.received.at(-1)?.headers.authorization).toBe(`Bearer ${bearer}`);
  });

  it.each([
    ['a wrong secret', `${credentials.accessKeyId}:${'x'.repeat(40)}`],
    ['an unknown id', `AKIAUNKNOWN0EXAMPLE0:${credentials.secretAccessKey}`],
    ['a wrong API key', 'ABSKwrong'],
  ])('with %s are refused with details for the operator only', async (what, key) => {
    const name = `claude-${what.replaceAll(' ', '-')}`;
    const { id } = await channel(what, [name], { keys: [key] });
    const raised = await raisedBy(() => client().messages.create(question(name)));
    expect(raised).toMatchObject({ status: 502 });
    expect(raised.message).not.toMatch(/who you say|AKIA|xxxx/);
    expect(await rowOf(relay, tokenId, name)).toMatchObject({
      error_code: 'upstream_refused_relay',
      attempts: [{ status: 403, channel_id: id, key_id: expect.stringMatching(/^key_/) }],
    });
    expect(await keyStates(relay, id)).toEqual(['refused']);
  });

  it('reveal nothing but an id', async () => {
    const all = await relay.manage<{ data: { name: string; keys: { hint: string }[] }[] }>(
      'GET',
      '/api/channels',
    );
    const hints = all.data.find(({ name }) => name === 'bedrock')?.keys.map(({ hint }) => hint);
    expect(hints).toEqual(['AKIA…MPLE']);
    expect(JSON.stringify(all)).not.toContain('EXAMPLEKEY');
  });
});

describe('a Bedrock error', () => {
  it.each([
    ['ThrottlingException', 429, Anthropic.RateLimitError, 429],
    ['ValidationException', 400, Anthropic.BadRequestError, 400],
    ['ResourceNotFoundException', 404, Anthropic.NotFoundError, 404],
    ['ServiceQuotaExceededException', 400, Anthropic.RateLimitError, 429],
    ['ModelErrorException', 424, Anthropic.InternalServerError, 502],
    ['ModelTimeoutException', 408, Anthropic.InternalServerError, 504],
    ['ModelNotReadyException', 429, Anthropic.InternalServerError, 529],
    ['InternalServerException', 500, Anthropic.InternalServerError, 500],
  ])('of %s becomes Anthropic’s own error for its SDK', async (error, status, errorClass, seen) => {
    const name = `claude-${error}`;
    answers.set(name, { error, status, message: `It was ${error}.` });
    await channel(error, [name]);
    const raised = await raisedBy(() => client().messages.create(question(name)));
    expect(raised).toBeInstanceOf(errorClass);
    expect(raised).toMatchObject({ status: seen, message: expect.stringContaining(`It was ${error}.`) });
  });

  it('has the caller’s format for callers of other formats', async () => {
    const { body, call } = callers['openai-chat'];
    const request = body({ turns: [{ role: 'user', text: 'Hi' }] }, 'claude-ThrottlingException');
    const raised = await raisedBy(() => call({ url: relay.url, token }, request, false));
    expect(raised).toMatchObject({ status: 429, type: 'rate_limit_error' });
  });

  const start = framesOf(script);
  it.each<[string, BedrockAnswer, string]>([
    [
      'a throttled request',
      { error: 'ThrottlingException', status: 429, message: 'Slow down' },
      'status 429',
    ],
    [
      'an exception as the first frame',
      { frames: [exceptionFrame('modelStreamErrorException', 'No')] },
      'first event',
    ],
    ['a first frame whose checksum is wrong', { frames: [damaged(start[0] as Buffer, 40)] }, 'broke off'],
    ['an empty stream', { frames: [] }, 'empty stream'],
  ])('of %s fails over to Anthropic', async (what, answer, reason) => {
    const name = `claude-${what.replaceAll(' ', '-')}`;
    answers.set(name, answer);
    await channel(what, [name]);
    await behind(what, [name]);
    const message = await client().messages.stream(question(name)).finalMessage();
    expect(message.content[0]).toMatchObject({ text: script.text });
    const { attempts } = await rowOf(relay, tokenId, name);
    expect(attempts).toMatchObject([
      { error: expect.stringContaining(reason) },
      { status: 200, error: null },
    ]);
  });

  it.each<[string, Buffer[], string]>([
    ['an exception', [exceptionFrame('throttlingException', 'Too much')], 'Too much'],
    ['a wrong checksum', [damaged(chunkFrame({ type: 'ping' }), 60)], 'broke off'],
    ['an end within a frame', [chunkFrame({ type: 'ping' }).subarray(0, 20)], 'broke off'],
  ])('of %s in the middle ends the stream with an error, charged once', async (what, frames, message) => {
    const name = `us.anthropic.claude-sonnet-4-5-20250929-v1:0-${what.replaceAll(' ', '-')}`;
    answers.set(name, { frames: [...start.slice(0, 4), ...frames] });
    await channel(what, [name]);
    const seen = bedrock.received.length;
    const stream = await client().messages.create({ ...question(name), stream: true });
    const raised = await raisedBy(() => collect(stream));
    expect(raised.message).toContain(message);
    expect(bedrock.received.length - seen).toBe(1);
    const row = await rowOf(relay, tokenId, name);
    expect(row).toMatchObject({ status: 200, input_tokens: 1_000, attempts: [{ status: 200 }] });
    expect(row.error_code).toMatch(/upstream_error|rate_limit_error/);
    expect(row.cost_usd).toBeGreaterThan(0);
  });
});

it('aborts Bedrock at once when its caller disconnects, and charges what was delivered', async () => {
  const name = 'anthropic.claude-haiku-4-5-20251001-v1:0';
  await channel('left', [name]);
  const left = new Promise<void>((resolve) => {
    answers.set(name, { frames: framesOf(script).slice(0, 4), onLeft: resolve });
  });
  const stream = await client().messages.create({ ...question(name), stream: true });
  for await (const event of stream) if (event.type === 'content_block_delta') break;
  const leftAtMs = Date.now();
  await left;
  expect(Date.now() - leftAtMs).toBeLessThan(1_500);
  const row = await rowOf(relay, tokenId, name);
  expect(row).toMatchObject({ error_code: 'client_left', input_tokens: 1_000 });
  expect(row.cost_usd).toBeGreaterThan(0);
});

describe('the management API for Bedrock', () => {
  it('lists Claude’s models and profiles across pages', async () => {
    const { id } = await channel('lists', ['claude-lists']);
    expect(await relay.manage('POST', `/api/channels/${id}/discover`)).toEqual({
      models: [
        'anthropic.claude-3-haiku-20240307-v1:0',
        model,
        'global.anthropic.claude-opus-4-5-20251101-v1:0',
      ],
    });
  });

  it('tests a channel', async () => {
    const { id } = await channel('tried', ['claude-tried']);
    expect(await relay.manage('POST', `/api/channels/${id}/test`)).toMatchObject({ ok: true, status: 200 });
    const { id: other } = await channel('refused', ['claude-refused'], { keys: ['ABSKwrong'] });
    expect(await relay.manage('POST', `/api/channels/${other}/test`)).toMatchObject({
      ok: false,
      status: 403,
    });
  });
});
