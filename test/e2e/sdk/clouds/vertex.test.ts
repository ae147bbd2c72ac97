// Tests Gemini and Claude on Vertex AI for every SDK: an imitation of Google verifies each assertion and token.
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRelay, type TestRelay } from '../../../support/relay.ts';
import { collect, raisedBy } from '../../../support/sdk-world.ts';
import { startUpstream, type TestUpstream } from '../../../support/upstream.ts';
import { callers } from '../matrix/callers.ts';
import { type Format, formats, type Script } from '../matrix/script.ts';
import { calls, handBack, secondTurn, secondTurnOrRefusal, toolQuestion } from '../matrix/tool-loop.ts';
import { scriptedModel } from '../matrix/upstream-formats.ts';
import {
  fileOf,
  type ImitatedVertex,
  imitatedVertex,
  newAccount,
  type VertexAnswer,
} from './imitated-vertex.ts';
import { keyStates, rowOf } from './log.ts';

const account = newAccount('relay', 'our-project');
const stranger = newAccount('stranger', 'our-project');
const apiKey = 'AQ.express-mode-key';
const models: Partial<Record<Format, string>> = {
  'anthropic-messages': 'claude-sonnet-4-5@20250929',
  'gemini-generate': 'gemini-3-pro-preview',
};
const script: Script = {
  text: 'Hallo – 世界',
  stop: 'stop',
  usage: { input: 1_000, cached: 200, output: 50, reasoning: 0 },
};
const answers = new Map<string, VertexAnswer>();

let relay: TestRelay;
let google: TestUpstream;
let vertex: ImitatedVertex;
let shortLived: TestUpstream;
let shortVertex: ImitatedVertex;
let signInFailure: { status: number; body: Record<string, unknown> } | null = null;
let token: string;
let tokenId: string;

beforeAll(async () => {
  const options = {
    accounts: [account],
    apiKey,
    lifeSeconds: 3_600,
    answer: (publisher: string, model: string, body: Record<string, unknown>): VertexAnswer => {
      const found = answers.get(model);
      if (found !== undefined) return found;
      const format = publisher === 'anthropic' ? 'anthropic-messages' : 'gemini-generate';
      return Object.values(models).includes(model) ? secondTurnOrRefusal(format, body) : script;
    },
    signInFailure: () => signInFailure,
  };
  vertex = imitatedVertex(options);
  google = await startUpstream(vertex.handler);
  // Two minutes of it are the relay's margin.
  shortVertex = imitatedVertex({ ...options, lifeSeconds: 121, signInFailure: () => null });
  shortLived = await startUpstream(shortVertex.handler);
  relay = await startRelay();
  ({ token, id: tokenId } = await relay.token());
  await channel('vertex', [
    ...Object.values(models),
    'gemini-2.5-flash',
    'gemini-2.5-flash-lite',
    'claude-opus-4-5@20251101',
    'claude-haiku-4-5@20251001',
  ]);
});

afterAll(async () => {
  await Promise.all([relay?.stop(), google?.stop(), shortLived?.stop()]);
});

function channel(name: string, served: string[], fields: Record<string, unknown> = {}) {
  return relay.channel({
    name,
    provider: 'vertex',
    base_url: google.url,
    keys: [fileOf(account, `${google.url}/token`)],
    settings: { location: 'europe-west1' },
    models: served,
    ...fields,
  });
}

const anthropic = () => new Anthropic({ apiKey: token, baseURL: relay.url, maxRetries: 0 });
const gemini = () => new GoogleGenAI({ apiKey: token, httpOptions: { baseUrl: relay.url } });
const question = (model: string) => ({
  model,
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'Hello' }],
});
const lastPath = () => google.received.findLast(({ path }) => path !== '/token')?.path;

describe('an SDK on Vertex', () => {
  for (const [channelFormat, model] of Object.entries(models)) {
    for (const caller of formats) {
      it.each([false, true])(
        `${caller} → ${channelFormat} passes tools and signed thoughts both ways, streamed: %s`,
        async (stream) => {
          const { body, call } = callers[caller];
          const target = { url: relay.url, token };
          const first = await call(target, body(toolQuestion, model), stream);
          expect(first.view.calls).toEqual(calls.map(({ name, args }) => ({ name, args })));
          const second = await call(
            target,
            handBack[caller](body(toolQuestion, model), first.answer),
            stream,
          );
          expect(second.view.text).toBe(secondTurn.text);
        },
      );
    }
  }

  it('signs in once for all requests', () => {
    expect(vertex.signIns).toBe(1);
    expect(google.received.length).toBeGreaterThan(30);
  });

  it('calls each model and method at Vertex’s own path', async () => {
    const at = `/v1/projects/our-project/locations/europe-west1/publishers`;
    const contents = 'Hello';
    await gemini().models.generateContent({ model: 'gemini-2.5-flash', contents });
    expect(lastPath()).toBe(`${at}/google/models/gemini-2.5-flash:generateContent`);
    await collect(await gemini().models.generateContentStream({ model: 'gemini-2.5-flash', contents }));
    expect(lastPath()).toBe(`${at}/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse`);
    expect((await gemini().models.countTokens({ model: 'gemini-2.5-flash', contents })).totalTokens).toBe(42);
    expect(lastPath()).toBe(`${at}/google/models/gemini-2.5-flash:countTokens`);
    const { model, messages } = question('claude-opus-4-5@20251101');
    expect((await anthropic().messages.countTokens({ model, messages })).input_tokens).toBe(42);
    expect(lastPath()).toBe(`${at}/anthropic/models/count-tokens:rawPredict`);
    const message = await anthropic().messages.stream(question(model)).finalMessage();
    expect(message.content).toMatchObject([{ type: 'text', text: script.text }]);
    expect(lastPath()).toBe(`${at}/anthropic/models/${model}:streamRawPredict`);
  });

  it('is charged at Vertex’s own prices, with a tenth more for newer Claude models in a region', async () => {
    await anthropic().messages.create(question('claude-haiku-4-5@20251001'));
    const claude = await rowOf(relay, tokenId, 'claude-haiku-4-5@20251001');
    expect(Math.round((claude.cost_usd ?? 0) * 1e9)).toBe(800 * 1_100 + 200 * 110 + 50 * 5_500);
    await gemini().models.generateContent({ model: 'gemini-2.5-flash-lite', contents: 'Hello' });
    const lite = await rowOf(relay, tokenId, 'gemini-2.5-flash-lite');
    expect(Math.round((lite.cost_usd ?? 0) * 1e9)).toBe(800 * 100 + 200 * 10 + 50 * 400);
  });
});

it('accepts what Gemini’s own API accepts: contents without a role, and ids of calls', async () => {
  const parts = [{ text: 'Hello' }];
  const contents = [
    { parts },
    { role: 'model', parts: [{ functionCall: { id: 'a', name: 'f', args: { big: 1 } } }] },
    { parts: [{ functionResponse: { id: 'a', name: 'f', response: { output: 'x' } } }] },
  ];
  const answer = await fetch(`${relay.url}/v1beta/models/gemini-2.5-flash:generateContent`, {
    method: 'POST',
    headers: {
      'x-goog-api-key': token,
      'content-type': 'application/json',
      'x-vertex-ai-llm-shared-request-type': 'priority',
    },
    body: JSON.stringify({ contents, generationConfig: { temperature: 0 } }),
  });
  expect(answer.status).toBe(200);
  const sent = google.received.at(-1);
  expect(JSON.parse(String(sent?.body))).toEqual({
    contents: [
      { role: 'user', parts },
      { role: 'model', parts: [{ functionCall: { name: 'f', args: { big: 1 } } }] },
      { role: 'user', parts: [{ functionResponse: { name: 'f', response: { output: 'x' } } }] },
    ],
    generationConfig: { temperature: 0 },
  });
  expect(sent?.headers['x-vertex-ai-llm-shared-request-type']).toBeUndefined();
});

describe('signing in to Google', () => {
  it('is repeated before a token expires, and once for parallel requests', async () => {
    await channel('short', ['gemini-short'], {
      base_url: shortLived.url,
      keys: [fileOf(account, `${shortLived.url}/token`)],
    });
    const callOnce = () => gemini().models.generateContent({ model: 'gemini-short', contents: 'Hello' });
    await Promise.all(Array.from({ length: 20 }, callOnce));
    expect(shortVertex.signIns).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await Promise.all(Array.from({ length: 20 }, callOnce));
    expect(shortVertex.signIns).toBe(2);
  });

  it('is repeated after a token was refused, and a successful probe restores its key', async () => {
    const { id } = await channel('revoked', ['gemini-revoked']);
    vertex.revokeAll();
    const before = vertex.signIns;
    await raisedBy(() => gemini().models.generateContent({ model: 'gemini-revoked', contents: 'Hello' }));
    expect(await keyStates(relay, id)).toEqual(['refused']);
    expect(await relay.manage('POST', `/api/channels/${id}/test`)).toMatchObject({ ok: true });
    expect(vertex.signIns).toBe(before + 1);
    expect(await keyStates(relay, id)).toEqual(['ready']);
  });

  it.each([
    ['another’s private key', () => ({ ...account, privateKey: stranger.privateKey })],
    ['an unknown account', () => stranger],
  ])('with %s counts as a refused key, with details for the operator only', async (what, who) => {
    const name = `gemini-${what.replaceAll(/\W/g, '-')}`;
    const { id } = await channel(what, [name], { keys: [fileOf(who(), `${google.url}/token`)] });
    const raised = await raisedBy(() => gemini().models.generateContent({ model: name, contents: 'Hello' }));
    expect(raised).toMatchObject({ status: 502 });
    expect(raised.message).not.toMatch(/invalid_grant|JWT|gserviceaccount/);
    expect(await rowOf(relay, tokenId, name)).toMatchObject({
      error_code: 'upstream_refused_relay',
      attempts: [{ status: 401 }],
    });
    expect(await keyStates(relay, id)).toEqual(['refused']);
    const trial = await relay.manage<{ error: string }>('POST', `/api/channels/${id}/test`);
    expect(trial).toMatchObject({ ok: false, status: 401, error: expect.stringContaining('invalid_grant') });
  });

  it('fails over to another channel while it fails, and is retried later', async () => {
    const own = await startUpstream(scriptedModel(() => script));
    await channel('down', ['claude-down'], {
      keys: [
        fileOf({ ...account, privateKey: account.privateKey.replace(/\n$/, '\n\n') }, `${google.url}/token`),
      ],
    });
    await channel('behind', ['claude-down'], {
      provider: 'anthropic',
      base_url: own.url,
      keys: ['own-key'],
      settings: {},
      priority: -1,
    });
    signInFailure = { status: 503, body: { error: 'internal_failure' } };
    expect((await anthropic().messages.create(question('claude-down'))).stop_reason).toBe('end_turn');
    signInFailure = null;
    const { attempts } = await rowOf(relay, tokenId, 'claude-down');
    expect(attempts).toMatchObject([{ status: 503 }, { status: 200 }]);
    await own.stop();
  });

  it('fails with Anthropic’s error format without another channel', async () => {
    await channel('alone', ['claude-alone'], {
      keys: [fileOf({ ...account, privateKey: `${account.privateKey}\n\n\n` }, `${google.url}/token`)],
    });
    signInFailure = { status: 429, body: { error: 'rate_limited' } };
    const raised = await raisedBy(() => anthropic().messages.create(question('claude-alone')));
    signInFailure = null;
    expect(raised).toBeInstanceOf(Anthropic.RateLimitError);
  });
});

describe('a Vertex API key', () => {
  it('calls Gemini in the express mode, without a project', async () => {
    await channel('express', ['gemini-express'], { keys: [apiKey], settings: {} });
    const answer = await gemini().models.generateContent({ model: 'gemini-express', contents: 'Hello' });
    expect(answer.text).toBe(script.text);
    expect(lastPath()).toBe('/v1/publishers/google/models/gemini-express:generateContent');
    const sent = google.received.at(-1);
    expect(sent?.headers['x-goog-api-key']).toBe(apiKey);
    expect(sent?.headers.authorization).toBeUndefined();
  });
});

describe('a Vertex error', () => {
  it('of Google becomes Anthropic’s error for callers of Claude', async () => {
    const message = 'Quota exceeded for aiplatform.googleapis.com/online_prediction_requests.';
    answers.set('claude-quota', { error: 429, status: 'RESOURCE_EXHAUSTED', message });
    await channel('quota', ['claude-quota']);
    const raised = await raisedBy(() => anthropic().messages.create(question('claude-quota')));
    expect(raised).toBeInstanceOf(Anthropic.RateLimitError);
    expect(raised.message).toContain(message);
  });

  it('of Claude passes unchanged', async () => {
    answers.set('claude-wrong', { refuse: 'max_tokens: too many' });
    await channel('wrong', ['claude-wrong']);
    const raised = await raisedBy(() => anthropic().messages.create(question('claude-wrong')));
    expect(raised).toBeInstanceOf(Anthropic.BadRequestError);
    expect(raised.message).toContain('max_tokens: too many');
  });
});

describe('the management API for Vertex', () => {
  it('shows only a service account’s name, and lists both publishers’ models', async () => {
    const { id } = await channel('shown', ['gemini-shown']);
    const shown = await relay.manage<{ keys: { hint: string }[] }>('GET', `/api/channels/${id}`);
    expect(shown.keys.map(({ hint }) => hint)).toEqual([account.email]);
    expect(JSON.stringify(shown)).not.toContain('PRIVATE KEY');
    expect(await relay.manage('POST', `/api/channels/${id}/discover`)).toEqual({
      models: ['gemini-2.5-flash', 'gemini-3-pro-preview', 'claude-sonnet-4-5'],
    });
  });
});
