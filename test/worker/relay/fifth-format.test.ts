// A fifth wire format, added by one object that src does not know: served, translated both ways, streamed and
// metered.
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventsOfResponse } from '../../../src/formats/events-of-response.ts';
import type { NeutralResponse } from '../../../src/formats/neutral.ts';
import { builtInFormats, FormatRegistry } from '../../../src/formats/registry.ts';
import { emptyRequest } from '../../../src/formats/request-fields.ts';
import { usageOf } from '../../../src/formats/usage.ts';
import type { ConversationFormat } from '../../../src/formats/wire-format.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { openaiCompatible } from '../../../src/providers/openai-compatible.ts';
import { responseOfStream } from '../../../src/relay/translation/stream.ts';
import { anthropicRoutes } from '../../../src/routes/anthropic.ts';
import { geminiRoutes } from '../../../src/routes/gemini.ts';
import { openaiRoutes } from '../../../src/routes/openai.ts';
import { canonicalPath, pathOf } from '../../../src/routes/paths.ts';
import type { RouteEnv, ServicesOf } from '../../../src/routes/relay-route.ts';
import { servicesOf } from '../../../src/services.ts';
import { fifthFormat } from '../../support/fifth-format.ts';
import { type OpenRelay, openRelay } from '../routes/open-relay.ts';
import { chargeOf } from './charging.ts';

const formats = new FormatRegistry([...builtInFormats, fifthFormat]);

/** The relay's routes with five formats. */
function routesOfFive(): Hono<RouteEnv> {
  const services: ServicesOf = (env) => ({ ...servicesOf(env), formats });
  const routes = new Hono<RouteEnv>({ getPath: (request) => canonicalPath(pathOf(request.url)) });
  routes.route('/', openaiRoutes(services, formats));
  routes.route('/', anthropicRoutes(services, formats));
  routes.route('/', geminiRoutes(services, formats));
  return routes;
}

/** The response of every upstream, in its own format. */
const answer: NeutralResponse = {
  id: 'one',
  model: 'm',
  createdAtSeconds: 1,
  candidates: [
    {
      parts: [
        { type: 'text', text: 'Looking it up.', at: '' },
        { type: 'tool-call', id: 'call_1', name: 'weather', arguments: '{"city":"Bonn"}', at: '' },
      ],
      stop: { reason: 'tool-calls' },
    },
  ],
  usage: usageOf({ inputTokens: 900, outputTokens: 300 }),
  serviceTier: null,
  error: null,
  promptBlock: null,
};

/** Returns the response as an upstream of that format sends it. */
function answerIn(format: ConversationFormat, isStreaming: boolean): Response {
  const context = {
    request: emptyRequest('m', isStreaming, format.id),
    body: { stream_options: { include_usage: true } },
    model: 'm',
    answerId: 'one',
    nowSeconds: 1,
    isKept: false,
    framing: 'sse' as const,
  };
  if (!isStreaming) return Response.json(format.writeResponse(answer, context).body);
  const writer = format.eventWriter(context);
  const text =
    eventsOfResponse(answer)
      .map((event) => writer.write(event))
      .join('') + writer.end();
  return new Response(text, { headers: { 'content-type': 'text/event-stream' } });
}

const schema = { type: 'object', properties: { city: { type: 'string' } } };
const prompt = 'How is the weather in Bonn?';

/** The request of a caller of each format. */
const callers: Record<string, { path: (model: string, isStreaming: boolean) => string; body: JsonObject }> = {
  fifth: {
    path: () => '/v1/talk',
    body: {
      turns: [{ who: 'me', say: prompt }],
      limit: 50,
      tools: [{ tool: 'weather', about: 'Returns the weather.', takes: schema }],
    },
  },
  'openai-chat': {
    path: () => '/v1/chat/completions',
    body: {
      messages: [{ role: 'user', content: prompt }],
      max_tokens: 50,
      stream_options: { include_usage: true },
      tools: [{ type: 'function', function: { name: 'weather', parameters: schema } }],
    },
  },
  'openai-responses': {
    path: () => '/v1/responses',
    body: {
      input: prompt,
      max_output_tokens: 50,
      tools: [{ type: 'function', name: 'weather', parameters: schema }],
    },
  },
  'anthropic-messages': {
    path: () => '/v1/messages',
    body: {
      messages: [{ role: 'user', content: prompt }],
      max_tokens: 50,
      tools: [{ name: 'weather', input_schema: schema }],
    },
  },
  'gemini-generate': {
    path: (model, isStreaming) =>
      `/v1beta/models/${model}:${isStreaming ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: {
      contents: [{ role: 'user', parts: [{ text: prompt }] }],
      generationConfig: { maxOutputTokens: 50 },
      tools: [{ functionDeclarations: [{ name: 'weather', parameters: schema }] }],
    },
  },
};

/** The model of a channel of each format. */
const models: Record<string, string> = {
  fifth: 'fifth-1',
  'openai-chat': 'glm-5',
  'openai-responses': 'gpt-5.2',
  'anthropic-messages': 'claude-opus-4-5',
  'gemini-generate': 'gemini-3-pro',
};

let relay: OpenRelay;

beforeEach(async () => {
  const { talks, operations } = openaiCompatible;
  const isFifth = (model: string) => model.startsWith('fifth-');
  vi.spyOn(openaiCompatible, 'talks').mockImplementation((model, address) =>
    isFifth(model) ? 'fifth' : talks(model, address),
  );
  vi.spyOn(openaiCompatible, 'operations').mockImplementation((address, model) =>
    isFifth(model) ? new Set(['fifth-talk']) : operations(address, model),
  );
  relay = openRelay({}, routesOfFive());
  const channel = (provider: string, ...names: string[]) =>
    relay.channel({ name: provider, provider, keys: ['k'], models: names });
  await channel('anthropic', 'claude-*');
  await channel('openai', 'gpt-*');
  await channel('gemini', 'gemini-*');
  await relay.channel({
    name: 'others',
    provider: 'openai-compatible',
    base_url: 'https://others.test/v1',
    keys: ['k'],
    models: ['fifth-*', 'glm-*'],
  });
  for (const model of Object.values(models))
    await relay.manage('PUT', `/prices/${model}`, { input: 1, output: 10 });
});

afterEach(() => vi.restoreAllMocks());

/** Sends a request from a caller of one format to a channel of another, and parses the response. */
async function converse(from: string, to: string, isStreaming: boolean) {
  const { path, body } = callers[from] ?? { path: () => '', body: {} };
  const model = models[to] ?? '';
  const request = {
    path: path(model, isStreaming),
    body: { ...body, ...(from !== 'gemini-generate' && { model, stream: isStreaming }) },
    token: { quota_usd: 1 },
  };
  const target = formats.conversation(to);
  const reply = await chargeOf(relay, request, () => answerIn(target, isStreaming));
  const { readResponse, eventReader } = formats.conversation(from);
  const read = isStreaming ? responseOfStream(reply.text, eventReader()).response : readResponse(reply.body);
  const upstreamBody = JSON.parse(relay.received.at(-1)?.body ?? '{}');
  return { reply, read, sent: target.readRequest(upstreamBody, { model, stream: isStreaming }) };
}

const pairs = [
  ['fifth', 'fifth'],
  ...['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini-generate'].flatMap((other) => [
    ['fifth', other],
    [other, 'fifth'],
  ]),
].flatMap(([from = '', to = '']) => [
  { from, to, isStreaming: false },
  { from, to, isStreaming: true },
]);

describe('an added fifth format', () => {
  it.each(pairs)(
    'serves $from callers by $to channels (streaming: $isStreaming)',
    async ({ from, to, isStreaming }) => {
      const { reply, read, sent } = await converse(from, to, isStreaming);
      expect(reply.status, reply.text).toBe(200);
      expect(sent).toMatchObject({
        ok: true,
        request: { maxOutputTokens: 50, tools: [{ name: 'weather' }] },
      });
      expect(JSON.stringify(sent)).toContain(prompt);
      const [candidate] = read.candidates;
      expect(candidate?.parts).toMatchObject([
        { type: 'text', text: 'Looking it up.' },
        { type: 'tool-call', name: 'weather', arguments: '{"city":"Bonn"}' },
      ]);
      expect(candidate?.stop.reason).toBe('tool-calls');
      expect(read.usage).toMatchObject({ inputTokens: 900, outputTokens: 300 });
      expect(reply.nanoUsd).toBe(900 * 1_000 + 300 * 10_000);
    },
  );

  it('rejects bodies without its required fields, and more choices than it allows', async () => {
    const send = (body: object) => chargeOf(relay, { path: '/v1/talk', body }, () => Response.json({}));
    expect((await send({ model: 'fifth-1' })).body.error).toMatchObject({ param: 'turns' });
    const many = await send({ model: 'fifth-1', turns: [], tries: 5 });
    expect([many.status, many.body.error.param]).toEqual([400, 'tries']);
    expect(relay.received).toEqual([]);
  });

  it('reserves by the format’s own field for the output limit', async () => {
    const turns = [{ who: 'me', say: 'Hi' }];
    const send = (limit: number) =>
      chargeOf(
        relay,
        { path: '/v1/talk', body: { model: 'fifth-1', turns, limit }, token: { quota_usd: 0.1 } },
        () => answerIn(fifthFormat, false),
      );
    expect((await send(5_000)).status).toBe(200);
    expect((await send(20_000)).body.error.code).toBe('insufficient_quota');
  });

  it('reports a truncated stream as the format’s own error event', async () => {
    const { path, body } = callers.fifth ?? { path: () => '', body: {} };
    const cut = 'data: {"say":"Look"}\n\n';
    const reply = await chargeOf(
      relay,
      { path: path('', true), body: { ...body, model: 'fifth-1', stream: true } },
      () => new Response(cut, { headers: { 'content-type': 'text/event-stream' } }),
    );
    expect(reply.text).toContain(cut);
    expect(reply.text).toMatch(/data: \{"sorry":\{"message":/);
  });
});
