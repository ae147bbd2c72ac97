// Tests Workers AI by its binding: a deployment without channel or key answers in every format.
import Anthropic from '@anthropic-ai/sdk';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relayWorker } from '../../../load/bench/workers.ts';
import { bundleWorker } from '../../../support/bundle.ts';
import { adminKey, freePort, managerOf } from '../../../support/relay.ts';
import { collect, raisedBy } from '../../../support/sdk-world.ts';
import { type Handler, startUpstream, type TestUpstream } from '../../../support/upstream.ts';
import type { Json } from '../matrix/wire.ts';

const llama = '@cf/meta/llama-3.3-70b-instruct-fp8-fast';
const oss = '@cf/openai/gpt-oss-120b';
const bge = '@cf/baai/bge-m3';
const usage = { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 };
const tools = [
  { type: 'function' as const, function: { name: 'get_weather', parameters: { type: 'object' } } },
];

let ai: TestUpstream;
let runtime: Miniflare;
let url: string;
let token: string;
let manage: ReturnType<typeof managerOf>;

beforeAll(async () => {
  ai = await startUpstream(imitatedAi);
  const main = new URL('./relay-with-ai.ts', import.meta.url).pathname;
  const { modules } = await bundleWorker(main);
  const port = await freePort();
  const relay = relayWorker(modules, adminKey, port);
  const bindings = { ...relay.bindings, IMITATED_AI: ai.url, PRICES_URL: 'off' };
  runtime = new Miniflare(convertV4MiniflareOptions({ workers: [{ ...relay, bindings }] }));
  await runtime.ready;
  url = `http://127.0.0.1:${port}`;
  manage = managerOf(url);
  ({ token } = await manage<{ token: string }>('POST', '/api/tokens', { name: 'a test', quota_usd: 1 }));
});

afterAll(async () => {
  await Promise.all([runtime?.dispose(), ai?.stop()]);
});

/** Answers in Workers AI's own format for older models, and in OpenAI's for newer ones. */
const imitatedAi: Handler = ({ body, headers }, response) => {
  const model = String(headers['cf-consn-model-id']);
  const { inputs, options }: Json = JSON.parse(body.toString());
  response.setHeader('cf-ai-req-id', 'ai-1');
  const send = (status: number, value: Json) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(value));
  };
  if ('model' in inputs || options.returnRawResponse !== true)
    send(400, { internalCode: 5006, description: 'Bad input' });
  else if (model === '@cf/meta/busy')
    send(429, { internalCode: 3040, name: 'AiError', description: 'Capacity temporarily exceeded' });
  else if (model === bge)
    send(200, {
      shape: [2, 3],
      data: inputs.text.map((text: string) => [text.length, 0.5, -1]),
      pooling: 'cls',
    });
  else if (inputs.stream !== true) send(200, model === oss ? completion : native(inputs));
  else {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const events = model === oss ? chunks : nativeEvents(inputs);
    response.end(`${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')}data: [DONE]\n\n`);
  }
};

const native = ({ tools: given }: Json): Json =>
  given === undefined
    ? { response: 'Hello there', usage }
    : { response: null, tool_calls: [{ name: 'get_weather', arguments: { place: 'Paris' } }], usage };
const nativeEvents = ({ tools: given }: Json): Json[] =>
  given === undefined
    ? [
        { response: 'Hello', p: 'abc' },
        { response: ' ', p: 'a' },
        { response: 'there' },
        { response: '', usage },
      ]
    : [
        { response: '', tool_calls: [{ index: 0, id: 'call_9', function: { name: 'get_weather' } }] },
        { response: '', tool_calls: [{ index: 0, function: { arguments: '{"place":' } }] },
        { response: '', tool_calls: [{ index: 0, function: { arguments: '"Paris"}' } }] },
        { response: '', tool_calls: [{ index: 0, id: null, function: { name: null, arguments: '' } }] },
        { response: '', usage },
      ];
const completion: Json = {
  id: 'chatcmpl-own',
  object: 'chat.completion',
  model: oss,
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello there' }, finish_reason: 'stop' }],
  usage,
};
const chunk = (fields: Json): Json => ({
  id: 'chatcmpl-own',
  object: 'chat.completion.chunk',
  model: oss,
  ...fields,
});
const chunks: Json[] = [
  chunk({
    choices: [{ index: 0, delta: { role: 'assistant', content: 'Hello there' }, finish_reason: null }],
  }),
  chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
  chunk({ choices: [], usage }),
];

const openai = () => new OpenAI({ apiKey: token, baseURL: `${url}/v1`, maxRetries: 0 });
const messages = [{ role: 'user' as const, content: 'Hello' }];

describe('a deployment with the AI binding and no channel', () => {
  it.each([llama, oss])('answers chat with %s, whole and streamed', async (model) => {
    const whole = await openai().chat.completions.create({ model, messages, max_completion_tokens: 50 });
    expect(whole).toMatchObject({
      object: 'chat.completion',
      model,
      choices: [{ message: { role: 'assistant', content: 'Hello there' }, finish_reason: 'stop' }],
      usage,
    });
    expect(JSON.parse(String(ai.received.at(-1)?.body)).inputs).toMatchObject({ max_tokens: 50, messages });
    const chunks = await collect(await openai().chat.completions.create({ model, messages, stream: true }));
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('Hello there');
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.some((event) => event.usage)).toBe(false);
  });

  it('calls tools, streamed and not', async () => {
    const params = { model: llama, messages, tools };
    const called = { name: 'get_weather', arguments: '{"place":"Paris"}' };
    const whole = await openai().chat.completions.create(params);
    expect(whole.choices[0]).toMatchObject({
      message: { content: null, tool_calls: [{ type: 'function', function: called }] },
      finish_reason: 'tool_calls',
    });
    const final = await openai().chat.completions.stream(params).finalChatCompletion();
    expect(final.choices[0]).toMatchObject({
      message: { tool_calls: [{ id: 'call_9', function: called }] },
      finish_reason: 'tool_calls',
    });
  });

  it('answers Anthropic’s SDK, also for a tool call without text', async () => {
    const anthropic = new Anthropic({ apiKey: token, baseURL: url, maxRetries: 0 });
    const turns = [
      { role: 'user' as const, content: 'Weather?' },
      {
        role: 'assistant' as const,
        content: [{ type: 'tool_use' as const, id: 'a', name: 'get_weather', input: {} }],
      },
      {
        role: 'user' as const,
        content: [{ type: 'tool_result' as const, tool_use_id: 'a', content: 'rain' }],
      },
    ];
    const params = { model: llama, max_tokens: 50, messages: turns };
    const message = await anthropic.messages.stream(params).finalMessage();
    expect(message).toMatchObject({
      content: [{ type: 'text', text: 'Hello there' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 20, output_tokens: 5 },
    });
    const sent: Json = JSON.parse(String(ai.received.at(-1)?.body)).inputs;
    expect(sent.messages.map(({ content }: Json) => content)).toEqual(['Weather?', '', 'rain']);
  });

  it('embeds as numbers and in base64', async () => {
    const input = ['one', 'three'];
    for (const encoding_format of ['float', 'base64', undefined] as const) {
      const { data } = await openai().embeddings.create({
        model: bge,
        input,
        ...(encoding_format && { encoding_format }),
      });
      const vectors = data.map(({ embedding }) =>
        typeof embedding === 'string'
          ? [...new Float32Array(Uint8Array.from(Buffer.from(embedding, 'base64')).buffer)]
          : embedding,
      );
      expect(vectors).toEqual([
        [3, 0.5, -1],
        [5, 0.5, -1],
      ]);
    }
    expect(JSON.parse(String(ai.received.at(-1)?.body)).inputs).toEqual({ text: input });
  });

  it('charges Cloudflare’s prices by the model’s own token count', async () => {
    const find = async () =>
      (await manage<{ data: Json[] }>('GET', `/api/logs?model=${encodeURIComponent(llama)}`)).data.at(-1);
    let row = await find();
    for (let tries = 0; row === undefined && tries < 40; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      row = await find();
    }
    // $0.293 and $2.253 per million: 20 and 5 tokens.
    expect(row).toMatchObject({ channel_id: 'env_workers-ai', usage_source: 'upstream', input_tokens: 20 });
    expect(Math.round((row?.cost_usd ?? 0) * 1e9)).toBe(Math.ceil(20 * 293 + 5 * 2_253));
  });

  it('lists the models', async () => {
    const names = (await collect(openai().models.list())).map(({ id }) => id);
    expect(names).toEqual(expect.arrayContaining([llama, oss, bge]));
  });

  it('reports errors in the caller’s format', async () => {
    const params = { model: '@cf/meta/busy', messages };
    const unlimited = await manage<{ token: string }>('POST', '/api/tokens', { name: 'unlimited' });
    const client = new OpenAI({ apiKey: unlimited.token, baseURL: `${url}/v1`, maxRetries: 0 });
    const raised = await raisedBy(() => client.chat.completions.create(params));
    expect(raised).toBeInstanceOf(OpenAI.RateLimitError);
    expect(raised.message).toContain('Capacity temporarily exceeded');
  });

  it('stops serving as soon as a channel exists, which may itself be Workers AI', async () => {
    const fields = { name: 'other', provider: 'openai', base_url: ai.url, keys: ['k'], models: ['gpt-4o'] };
    const other = await manage<{ id: string }>('POST', '/api/channels', fields);
    const params = { model: oss, messages };
    expect(await raisedBy(() => openai().chat.completions.create(params))).toBeInstanceOf(
      OpenAI.NotFoundError,
    );
    const own = { name: 'own', provider: 'workers-ai', models: ['@cf/openai/*'] };
    const { id } = await manage<{ id: string }>('POST', '/api/channels', own);
    expect((await openai().chat.completions.create(params)).choices[0]?.message.content).toBe('Hello there');
    expect(await manage('POST', `/api/channels/${id}/test`)).toMatchObject({ ok: true });
    await manage('DELETE', `/api/channels/${id}`);
    await manage('DELETE', `/api/channels/${other.id}`);
    expect((await openai().chat.completions.create(params)).choices[0]?.message.content).toBe('Hello there');
  });
});
