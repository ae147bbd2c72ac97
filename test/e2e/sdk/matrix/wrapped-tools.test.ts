// Tests what coding agents do beyond the matrix, through the official SDKs: tools in namespaces, tools that a
// search finds, and an exceeded context length.
import Anthropic from '@anthropic-ai/sdk';
import { ApiError, GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRelay, type TestRelay } from '../../../support/relay.ts';
import { raisedBy } from '../../../support/sdk-world.ts';
import { startUpstream, type TestUpstream } from '../../../support/upstream.ts';
import type { Format, Script } from './script.ts';
import { formatOfPath, scriptedModel, upstreamFormats } from './upstream-formats.ts';
import type { Json } from './wire.ts';

let relay: TestRelay;
let upstream: TestUpstream;
let token: string;

const channels: Record<Format, { provider: string; model: string }> = {
  'openai-chat': { provider: 'openai-compatible', model: 'deepseek-v4-pro' },
  'openai-responses': { provider: 'openai', model: 'gpt-6.2-sol' },
  'anthropic-messages': { provider: 'anthropic', model: 'claude-opus-5-5' },
  'gemini-generate': { provider: 'gemini', model: 'gemini-3.1-pro-preview' },
};
const others = (own: Format) => (Object.keys(channels) as Format[]).filter((format) => format !== own);

const usage = { input: 10, cached: 0, output: 20, reasoning: 10 };

/** Calls the tool with that name ending until it has a result, then repeats the result. */
function caller(wanted: string) {
  return (format: Format, body: Json): Script | { refuse: string } => {
    const { tools, results } = upstreamFormats[format].view(body);
    const result = results.find((one) => one.includes(`${wanted}: `));
    if (result) return { text: `It said: ${result.split(': ')[1]}`, stop: 'stop', usage };
    // Searches for a tool that it does not have yet.
    const tool =
      tools.find(({ name }) => name.endsWith(wanted)) ?? tools.find(({ name }) => /search/i.test(name));
    if (!tool) return { refuse: `no ${wanted} among ${tools.map(({ name }) => name)}` };
    const args = tool.name.endsWith(wanted) ? { city: 'Rome' } : { query: wanted };
    const thought = { text: 'I need it.', signature: 'c2VhbA==', id: String(results.length) };
    const calls = [{ id: `toolu_${results.length}`, name: tool.name, args }];
    return { thought, text: 'I ask.', calls, stop: 'calls', usage };
  };
}

beforeAll(async () => {
  upstream = await startUpstream(scriptedModel(caller('get_weather')));
  relay = await startRelay();
  for (const [name, { provider, model }] of Object.entries(channels))
    await relay.channel({ name, provider, base_url: upstream.url, keys: ['k'], models: [model] });
  ({ token } = await relay.token());
});

afterAll(async () => {
  await Promise.all([relay?.stop(), upstream?.stop()]);
});

const openai = () => new OpenAI({ apiKey: token, baseURL: `${relay.url}/v1`, maxRetries: 0 });
const anthropic = () => new Anthropic({ apiKey: token, baseURL: relay.url, maxRetries: 0 });

const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const question = { role: 'user', content: 'The weather in Rome?' };

/** Sends one request with OpenAI's SDK, whole or through its own accumulator. */
async function respond(body: Json, stream: boolean): Promise<Json> {
  return stream
    ? await openai()
        .responses.stream(body as never)
        .finalResponse()
    : await openai().responses.create(body as never);
}

describe.each(others('openai-responses'))('OpenAI’s SDK on a channel of %s', (format) => {
  const { model } = channels[format];

  it.each([false, true])('calls a tool in a namespace, streamed: %s', async (stream) => {
    const functions = [
      { type: 'function', name: 'get_weather', description: 'd', parameters, strict: false },
    ];
    const tools = [{ type: 'namespace', name: 'mcp__wx', description: 'Weather.', tools: functions }];
    const body = { model, tools, input: [question] };
    const first = await respond(body, stream);
    const call = first.output.find(({ type }: Json) => type === 'function_call');
    expect(call).toMatchObject({ namespace: 'mcp__wx', name: 'get_weather', arguments: '{"city":"Rome"}' });
    const result = { type: 'function_call_output', call_id: call.call_id, output: 'rain' };
    const second = await respond({ ...body, input: [question, ...first.output, result] }, stream);
    expect(second.output_text).toBe('It said: rain');
  });

  it.each([false, true])('calls a tool found by its own search, streamed: %s', async (stream) => {
    const search = { type: 'tool_search', execution: 'client', description: 'Finds tools.', parameters };
    const body = { model, tools: [search], input: [question] };
    const first = await respond(body, stream);
    const searched = first.output.find(({ type }: Json) => type === 'tool_search_call');
    expect(searched).toMatchObject({ execution: 'client', arguments: { query: 'get_weather' } });
    const found = {
      type: 'tool_search_output',
      execution: 'client',
      call_id: searched.call_id,
      status: 'completed',
      tools: [{ type: 'function', name: 'get_weather', description: 'd', parameters, strict: false }],
    };
    const input = [question, ...first.output, found];
    const second = await respond({ ...body, input }, stream);
    const call = second.output.find(({ type }: Json) => type === 'function_call');
    expect(call).toMatchObject({ name: 'get_weather', arguments: '{"city":"Rome"}' });
    const result = { type: 'function_call_output', call_id: call.call_id, output: 'rain' };
    const third = await respond({ ...body, input: [...input, ...second.output, result] }, stream);
    expect(third.output_text).toBe('It said: rain');
  });
});

describe.each(others('anthropic-messages'))('Anthropic’s SDK on a channel of %s', (format) => {
  const { model } = channels[format];
  const tool = (name: string, more: Json = {}) => ({
    name,
    description: 'd',
    input_schema: parameters,
    ...more,
  });

  it.each([false, true])('calls a deferred tool found by its own search, streamed: %s', async (stream) => {
    const send = async (messages: Json[]): Promise<Json> => {
      const tools = [tool('ToolSearch'), tool('mcp__wx__get_weather', { defer_loading: true })];
      const body = { model, max_tokens: 2_000, tools, messages } as never;
      return stream
        ? await anthropic().messages.stream(body).finalMessage()
        : await anthropic().messages.create(body);
    };
    const answered = (answer: Json, content: Json[]) => {
      const { id } = answer.content.find(({ type }: Json) => type === 'tool_use');
      return [
        { role: 'assistant', content: answer.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content }] },
      ];
    };
    const first = await send([question]);
    expect(first.content.at(-1)).toMatchObject({ type: 'tool_use', name: 'ToolSearch' });
    const found = answered(first, [{ type: 'tool_reference', tool_name: 'mcp__wx__get_weather' }]);
    const second = await send([question, ...found]);
    expect(second.content.at(-1)).toMatchObject({ name: 'mcp__wx__get_weather', input: { city: 'Rome' } });
    const weather = answered(second, [{ type: 'text', text: 'rain' }]);
    const third = await send([question, ...found, ...weather]);
    expect(third.content.at(-1)).toMatchObject({ type: 'text', text: 'It said: rain' });
  });
});

/** Sources: the table of test/unit/formats/context-overflow.test.ts. */
const overflows: Record<Format, Json> = {
  'openai-chat': {
    error: {
      message: "This model's maximum context length is 131072 tokens. However, you requested 140000 tokens.",
      type: 'invalid_request_error',
      param: null,
      code: null,
    },
  },
  'openai-responses': {
    error: {
      message: 'Your input exceeds the context window of this model. Please adjust your input and try again.',
      type: 'invalid_request_error',
      param: 'input',
      code: 'context_length_exceeded',
    },
  },
  'anthropic-messages': {
    type: 'error',
    error: { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' },
  },
  'gemini-generate': {
    error: {
      code: 400,
      message: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
      status: 'INVALID_ARGUMENT',
    },
  },
};

describe.each(Object.keys(channels) as Format[])('a context too long for a channel of %s', (format) => {
  const { model } = channels[format];

  beforeAll(() => {
    upstream.handler = (request, response) => {
      const body = overflows[formatOfPath(request.path, {}).format];
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
  });

  it.each([false, true])('raises `context_length_exceeded` in OpenAI’s SDK, streamed: %s', async (stream) => {
    const messages = [{ role: 'user' as const, content: 'hi' }];
    const responses = () => openai().responses.create({ model, input: 'hi', stream });
    const chat = () => openai().chat.completions.create({ model, messages, stream });
    // Channels of OpenAI's kinds answer chat natively: their messages pass unchanged.
    for (const call of format.startsWith('openai') ? [responses] : [responses, chat]) {
      const error = (await raisedBy(call)) as InstanceType<typeof OpenAI.APIError>;
      expect([error.constructor.name, error.status]).toEqual(['BadRequestError', 400]);
      expect(error.code).toBe('context_length_exceeded');
    }
  });

  it.each([false, true])('raises “prompt is too long” in Anthropic’s SDK, streamed: %s', async (stream) => {
    const body = { model, max_tokens: 10, messages: [{ role: 'user' as const, content: 'hi' }], stream };
    const error = (await raisedBy(() => anthropic().messages.create(body))) as InstanceType<
      typeof Anthropic.APIError
    >;
    expect([error.constructor.name, error.status]).toEqual(['BadRequestError', 400]);
    expect(error.message).toMatch(/prompt is too long/);
  });

  it('raises a 400 that explains it in Google’s SDK', async () => {
    const ai = new GoogleGenAI({ apiKey: token, httpOptions: { baseUrl: relay.url } });
    const error = (await raisedBy(() => ai.models.generateContent({ model, contents: 'hi' }))) as ApiError;
    expect(error).toBeInstanceOf(ApiError);
    expect(error.status).toBe(400);
    expect(error.message).toMatch(/CONTEXT_LENGTH_EXCEEDED|The input token count/);
  });
});
