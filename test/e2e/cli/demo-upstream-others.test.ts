import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoUpstream, startDemoUpstream } from '../../../src/cli/demo-upstream/server.ts';
import { cohereListing } from '../../../src/providers/model-listing.ts';

let demo: DemoUpstream;
beforeAll(async () => {
  demo = await startDemoUpstream();
});
afterAll(() => demo.close());

describe('Anthropic messages of the demo upstream', () => {
  const request = {
    model: 'claude-3-5-sonnet-20241022',
    max_tokens: 200,
    messages: [{ role: 'user' as const, content: 'Good morning' }],
  };
  const client = () => new Anthropic({ apiKey: 'demo', baseURL: demo.url, maxRetries: 0 });

  it('answers by name and echoes the message', async () => {
    const message = await client().messages.create(request);
    expect(message.content[0]).toMatchObject({
      type: 'text',
      text: expect.stringMatching(/claude.*Good morning/),
    });
    expect(message.usage.input_tokens).toBe(3);
    expect(message.stop_reason).toBe('end_turn');
  });

  it('streams events in Anthropic’s order', async () => {
    const types: string[] = [];
    for await (const event of await client().messages.create({ ...request, stream: true }))
      types.push(event.type);
    expect(types.slice(0, 2)).toEqual(['message_start', 'content_block_start']);
    expect(types.slice(-3)).toEqual(['content_block_stop', 'message_delta', 'message_stop']);
    const raw = await (await post({ 'x-api-key': 'demo' }, { ...request, stream: true })).text();
    expect(raw.indexOf('event: ping')).toBeGreaterThan(raw.indexOf('event: content_block_start'));
  });

  it('streams the same message as it answers unstreamed', async () => {
    const message = await client().messages.stream(request).finalMessage();
    expect(message.usage.output_tokens).toBeGreaterThan(10);
  });

  it('counts tokens', async () => {
    const { model, messages } = request;
    expect(await client().messages.countTokens({ model, messages })).toEqual({ input_tokens: 3 });
  });

  it('refuses with Anthropic’s error', async () => {
    const response = await post({}, request);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'authentication_error' } });
  });

  function post(headers: Record<string, string>, body: unknown): Promise<Response> {
    return fetch(`${demo.url}/v1/messages`, { method: 'POST', headers, body: JSON.stringify(body) });
  }
});

describe('Gemini at the demo upstream', () => {
  const request = { model: 'gemini-2.0-flash', contents: 'Good morning' };
  const client = () => new GoogleGenAI({ apiKey: 'demo', httpOptions: { baseUrl: demo.url } });

  it('answers by name and echoes the message', async () => {
    const answer = await client().models.generateContent(request);
    expect(answer.text).toMatch(/gemini-2.0-flash.*Good morning/);
    expect(answer.usageMetadata?.promptTokenCount).toBe(3);
  });

  it('streams usage in every chunk and the finish reason in the last', async () => {
    const chunks = [];
    for await (const chunk of await client().models.generateContentStream(request)) chunks.push(chunk);
    expect(chunks.length).toBeGreaterThan(5);
    expect(chunks.every((chunk) => chunk.usageMetadata?.promptTokenCount === 3)).toBe(true);
    expect(chunks.map((chunk) => chunk.candidates?.[0]?.finishReason).filter(Boolean)).toEqual(['STOP']);
  });

  it('ends lines in CRLF with alt=sse, and streams one JSON array otherwise', async () => {
    expect(await (await stream('?alt=sse')).text()).toMatch(/^(data: \{.*\}\r\n\r\n)+$/);
    expect(await (await stream('')).json()).toSatisfy((value) => Array.isArray(value) && value.length > 5);
  });

  it('counts tokens and embeds', async () => {
    expect((await client().models.countTokens(request)).totalTokens).toBe(3);
    const made = await client().models.embedContent({
      model: 'gemini-embedding-001',
      contents: ['one', 'two'],
    });
    expect(made.embeddings?.map((entry) => entry.values?.length)).toEqual([3072, 3072]);
  });

  it('refuses with Gemini’s error', async () => {
    const response = await fetch(`${demo.url}/v1beta/models/gemini-2.0-flash:generateContent`, {
      method: 'POST',
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { code: 401, status: 'UNAUTHENTICATED' } });
  });

  function stream(query: string): Promise<Response> {
    const body = JSON.stringify({ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] });
    const url = `${demo.url}/v1beta/models/gemini-2.0-flash:streamGenerateContent${query}`;
    return fetch(url, { method: 'POST', headers: { 'x-goog-api-key': 'demo' }, body });
  }
});

it('lists Cohere’s models at the path that Cohere channels of the relay read', async () => {
  const target = { baseUrl: demo.url, settings: {}, key: 'demo' };
  const response = await fetch(cohereListing.url(target, null), {
    headers: { authorization: 'Bearer demo' },
  });
  expect(cohereListing.read(await response.json(), null)).toEqual({ names: ['rerank-v3.5'], next: null });
});
