// Reads streams with pings before, between and after their events through the official SDKs.
import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { type LanguageModel, streamText } from 'ai';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { collect } from '../../support/sdk-world.ts';
import { startUpstream, type TestUpstream } from '../../support/upstream.ts';

const intervalMs = 150;
const silenceMs = 500;

const words = ['Hello', ' patient', ' world'];
const sse = (...events: object[]) =>
  events.map(
    (event) => `${'type' in event ? `event: ${event.type}\n` : ''}data: ${JSON.stringify(event)}\n\n`,
  );

const chunk = (choice: object, rest: object = {}) => ({
  id: 'c1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, finish_reason: null, ...choice }],
  ...rest,
});
const message = {
  id: 'm1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [],
  stop_reason: null,
  stop_sequence: null,
};
const item = { id: 'msg_1', type: 'message', role: 'assistant' };
const text = { type: 'output_text', text: words.join(''), annotations: [] };
const part = { item_id: item.id, output_index: 0, content_index: 0 };
const response = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  model: 'm',
  status: 'in_progress',
  output: [],
};
const responseUsage = {
  input_tokens: 5,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 3,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 8,
};

/** The events of a whole stream, by a part of its path. */
const streams: Readonly<Record<string, string[]>> = {
  '/chat/completions': [
    ...sse(
      ...words.map((content) => chunk({ delta: { role: 'assistant', content } })),
      chunk({ delta: {}, finish_reason: 'stop' }),
      { ...chunk({}), choices: [], usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 } },
    ),
    'data: [DONE]\n\n',
  ],
  '/completions': [
    ...sse(
      ...words.map((word) => ({
        id: 'c1',
        object: 'text_completion',
        choices: [{ index: 0, text: word, finish_reason: null }],
      })),
    ),
    'data: [DONE]\n\n',
  ],
  '/responses': sse(
    ...[
      { type: 'response.created', response },
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { ...item, status: 'in_progress', content: [] },
      },
      { type: 'response.content_part.added', ...part, part: { ...text, text: '' } },
      ...words.map((delta) => ({ type: 'response.output_text.delta', ...part, delta })),
      { type: 'response.output_text.done', ...part, text: text.text },
      { type: 'response.content_part.done', ...part, part: text },
      {
        type: 'response.output_item.done',
        output_index: 0,
        item: { ...item, status: 'completed', content: [text] },
      },
      {
        type: 'response.completed',
        response: {
          ...response,
          status: 'completed',
          output: [{ ...item, status: 'completed', content: [text] }],
          usage: responseUsage,
        },
      },
    ].map((event, sequence_number) => ({ ...event, sequence_number })),
  ),
  '/messages': sse(
    { type: 'message_start', message: { ...message, usage: { input_tokens: 5, output_tokens: 1 } } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...words.map((word) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: word },
    })),
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: 3 },
    },
    { type: 'message_stop' },
  ),
  ':streamGenerateContent': words.map((word, index) => {
    const isLast = index === words.length - 1;
    const candidate = {
      content: { role: 'model', parts: [{ text: word }] },
      index: 0,
      ...(isLast && { finishReason: 'STOP' }),
    };
    const usageMetadata = { promptTokenCount: 5, candidatesTokenCount: 3, totalTokenCount: 8 };
    return JSON.stringify({ candidates: [candidate], usageMetadata });
  }),
};

/** Writes them as events, or as the elements of an array. */
function geminiFrames(texts: readonly string[], areEvents: boolean): string[] {
  if (areEvents) return texts.map((text) => `data: ${text}\r\n\r\n`);
  return texts.map(
    (text, index) => `${index === 0 ? '[' : ',\r\n'}${text}${index === texts.length - 1 ? ']' : ''}`,
  );
}

let relay: TestRelay;
let upstream: TestUpstream;
let apiKey = '';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(async () => {
  upstream = await startUpstream(async ({ path }, answer) => {
    const [, texts = []] = Object.entries(streams).find(([part]) => path.includes(part)) ?? [];
    const events = path.includes(':stream') ? geminiFrames(texts, path.includes('alt=sse')) : texts;
    await sleep(silenceMs);
    const isArray = path.endsWith(':streamGenerateContent');
    answer.writeHead(200, { 'content-type': isArray ? 'application/json' : 'text/event-stream' });
    answer.flushHeaders();
    // Pauses before the head, before the first event, and between the second and the third.
    for (const [index, event] of events.entries()) {
      if (index === 0 || index === 2) await sleep(silenceMs);
      answer.write(event);
    }
    answer.end();
  });
  relay = await startRelay();
  const base = {
    base_url: upstream.url,
    keys: ['k'],
    settings: { ping_interval_ms: intervalMs, ping_native: true },
  };
  await relay.channel({
    ...base,
    name: 'o',
    provider: 'openai',
    models: ['gpt-4o', 'gpt-3.5-turbo-instruct'],
  });
  await relay.channel({ ...base, name: 'a', provider: 'anthropic', models: ['claude-3-5-haiku-20241022'] });
  await relay.channel({ ...base, name: 'g', provider: 'gemini', models: ['gemini-2.0-flash'] });
  apiKey = (await relay.token()).token;
});
afterAll(async () => {
  await relay?.stop();
  await upstream?.stop();
});

const models = ['gpt-4o', 'claude-3-5-haiku-20241022', 'gemini-2.0-flash'];
const messages = [{ role: 'user' as const, content: 'Hello' }];

/** Returns a `fetch` for an SDK, and everything that it received. */
function listening() {
  const wire = Promise.withResolvers<string>();
  const listener = async (url: RequestInfo | URL, init?: RequestInit) => {
    const answer = await globalThis.fetch(url, init);
    const [own, other] = (answer.body as ReadableStream<Uint8Array>).tee();
    new Response(other).text().then(wire.resolve, wire.reject);
    return new Response(own, answer);
  };
  return { fetch: listener as typeof globalThis.fetch, wire: wire.promise };
}

const openaiOf = (fetch: typeof globalThis.fetch) =>
  new OpenAI({ apiKey, baseURL: `${relay.url}/v1`, maxRetries: 0, fetch });
const anthropicOf = (fetch: typeof globalThis.fetch) =>
  new Anthropic({ apiKey, baseURL: relay.url, maxRetries: 0, fetch });

type Reader = (model: string, fetch: typeof globalThis.fetch) => Promise<string>;
const readers: Readonly<Record<string, { ping: string; read: Reader }>> = {
  'the OpenAI SDK, chat': {
    ping: ': ping\n',
    read: async (model, fetch) => {
      const stream = openaiOf(fetch).chat.completions.stream({
        model,
        messages,
        stream_options: { include_usage: true },
      });
      const { choices, usage } = await stream.finalChatCompletion();
      expect(usage?.completion_tokens).toBeGreaterThan(0);
      return choices[0]?.message.content ?? '';
    },
  },
  'the OpenAI SDK, chat without usage': {
    ping: ': ping\n',
    read: async (model, fetch) => {
      const chunks = await collect(
        await openaiOf(fetch).chat.completions.create({ model, messages, stream: true }),
      );
      return chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    },
  },
  'the OpenAI SDK, responses': {
    ping: ': ping\n',
    read: async (model, fetch) =>
      (await openaiOf(fetch).responses.stream({ model, input: 'Hello' }).finalResponse()).output_text,
  },
  'the Anthropic SDK': {
    ping: 'event: ping\n',
    read: async (model, fetch) =>
      anthropicOf(fetch).messages.stream({ model, messages, max_tokens: 50 }).finalText(),
  },
  'the Vercel AI SDK, OpenAI chat': {
    ping: ': ping\n',
    read: (model, fetch) => vercel(createOpenAI({ apiKey, baseURL: `${relay.url}/v1`, fetch }).chat(model)),
  },
  'the Vercel AI SDK, OpenAI responses': {
    ping: ': ping\n',
    read: (model, fetch) => vercel(createOpenAI({ apiKey, baseURL: `${relay.url}/v1`, fetch })(model)),
  },
  'the Vercel AI SDK, Anthropic': {
    ping: 'event: ping\n',
    read: (model, fetch) => vercel(createAnthropic({ apiKey, baseURL: `${relay.url}/v1`, fetch })(model)),
  },
};

async function vercel(model: LanguageModel): Promise<string> {
  const errors: unknown[] = [];
  const stream = streamText({
    model,
    prompt: 'Hello',
    maxOutputTokens: 50,
    maxRetries: 0,
    onError: ({ error }) => void errors.push(error),
  });
  const answer = (await collect(stream.textStream)).join('');
  expect(errors).toEqual([]);
  expect(await stream.finishReason).toBe('stop');
  return answer;
}

const cases = Object.entries(readers).flatMap(([name, reader]) =>
  models.map((model) => ({ name, model, ...reader })),
);

it.concurrent.each(cases)(
  '$name reads a stream of $model that contains pings',
  async ({ read, ping, model }) => {
    const { fetch, wire } = listening();
    expect(await read(model, fetch)).toBe(words.join(''));
    // At least two before the head, two before the first event, and two between events, less the delays of a busy
    // machine.
    expect((await wire).split(ping).length - 1).toBeGreaterThanOrEqual(5);
  },
);

it.concurrent('the OpenAI SDK reads a completion that contains pings', async () => {
  const { fetch, wire } = listening();
  const params = { model: 'gpt-3.5-turbo-instruct', prompt: 'Hello', stream: true } as const;
  const chunks = await collect(await openaiOf(fetch).completions.create(params));
  expect(chunks.map(({ choices }) => choices[0]?.text ?? '').join('')).toBe(words.join(''));
  expect((await wire).split(': ping\n').length - 1).toBeGreaterThanOrEqual(5);
});

it.concurrent.each(models)('Google’s SDKs read a stream of %s without pings as events', async (model) => {
  const google = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: relay.url } });
  const chunks = await collect(await google.models.generateContentStream({ model, contents: 'Hello' }));
  expect(chunks.map((each) => each.text ?? '').join('')).toBe(words.join(''));
  const { fetch, wire } = listening();
  const own = createGoogleGenerativeAI({
    apiKey,
    baseURL: `${relay.url}/v1beta`,
    fetch,
  });
  expect(await vercel(own(model))).toBe(words.join(''));
  expect((await wire).replace(/data: [^\r\n]*\r\n\r\n/g, '')).toBe('');
});

it.concurrent.each(models)('a JSON array of %s is valid JSON with extra line feeds', async (model) => {
  const answer = await fetch(`${relay.url}/v1beta/models/${model}:streamGenerateContent`, {
    method: 'POST',
    headers: { 'x-goog-api-key': apiKey, 'content-type': 'application/json' },
    body: '{"contents":[{"parts":[{"text":"Hello"}]}]}',
  });
  const all = await answer.text();
  expect(all).toMatch(/^\n\n/);
  const elements: { candidates?: { content?: { parts?: { text?: string }[] } }[] }[] = JSON.parse(all);
  const texts = elements.map(({ candidates }) => candidates?.[0]?.content?.parts?.[0]?.text ?? '');
  expect(texts.join('')).toBe(words.join(''));
});
