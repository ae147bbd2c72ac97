import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoUpstream, startDemoUpstream } from '../../../src/cli/demo-upstream/server.ts';

let demo: DemoUpstream;
let client: OpenAI;

beforeAll(async () => {
  demo = await startDemoUpstream();
  client = new OpenAI({ apiKey: 'demo', baseURL: `${demo.url}/v1`, maxRetries: 0 });
});
afterAll(() => demo.close());

const messages = [{ role: 'user' as const, content: 'Good morning' }];

describe('chat completions of the demo upstream', () => {
  it('answers by name and echoes the message, with plausible usage', async () => {
    const answer = await client.chat.completions.create({ model: 'gpt-4o', messages });
    expect(answer.choices[0]?.message.content).toMatch(/gpt-4o.*Good morning/);
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    expect(answer.usage).toMatchObject({ prompt_tokens: 3 });
    expect(answer.usage?.total_tokens).toBe(3 + (answer.usage?.completion_tokens ?? 0));
  });

  it('streams role, content and finish chunks, and no usage unless requested', async () => {
    const chunks = await collect(
      await client.chat.completions.create({ model: 'gpt-4o', messages, stream: true }),
    );
    expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: 'assistant', content: '' });
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.some((chunk) => 'usage' in chunk)).toBe(false);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toContain('Good morning');
  });

  it('sends the usage chunk last if requested', async () => {
    const stream_options = { include_usage: true };
    const stream = await client.chat.completions.create({
      model: 'gpt-4o',
      messages,
      stream: true,
      stream_options,
    });
    const last = (await collect(stream)).at(-1);
    expect(last?.choices).toEqual([]);
    expect(last?.usage?.prompt_tokens).toBe(3);
  });

  it('stops at the caller’s limit', async () => {
    const answer = await client.chat.completions.create({ model: 'gpt-4o', messages, max_tokens: 4 });
    expect(answer.choices[0]?.finish_reason).toBe('length');
    expect(answer.usage?.completion_tokens).toBe(4);
  });

  it('ends the stream with [DONE]', async () => {
    const response = await post(
      '/v1/chat/completions',
      JSON.stringify({ model: 'gpt-4o', messages, stream: true }),
    );
    expect(await response.text()).toMatch(/data: \[DONE\]\n\n$/);
  });
});

describe('refusals of the demo upstream', () => {
  it('refuses a caller without a key with OpenAI’s error', async () => {
    const response = await fetch(`${demo.url}/v1/chat/completions`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { code: 'invalid_api_key' } });
  });

  it('answers a body that is not JSON with a 400', async () => {
    const response = await post('/v1/chat/completions', '{"model":');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
  });

  it('makes the SDK raise its own exceptions', async () => {
    await expect(client.chat.completions.create({ model: 'no-such-model', messages })).rejects.toThrow(
      OpenAI.NotFoundError,
    );
  });
});

describe('responses of the demo upstream', () => {
  it('stores responses for a later GET and DELETE', async () => {
    const made = await client.responses.create({ model: 'gpt-4o', input: 'Good morning' });
    expect(made.output_text).toContain('Good morning');
    expect(made.usage?.total_tokens).toBeGreaterThan(3);
    expect((await client.responses.retrieve(made.id)).id).toBe(made.id);
    await client.responses.delete(made.id);
    await expect(client.responses.retrieve(made.id)).rejects.toThrow(OpenAI.NotFoundError);
  });

  it('streams numbered events in OpenAI’s order', async () => {
    const events = await collect(
      await client.responses.create({ model: 'gpt-4o', input: 'Hi', stream: true }),
    );
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
    const types = events.map((event) => event.type);
    expect(types.slice(0, 4)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
    ]);
    expect(types.slice(-4)).toEqual([
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
  });
});

describe('other OpenAI endpoints of the demo upstream', () => {
  it('returns the same embedding for the same text', async () => {
    const made = await client.embeddings.create({
      model: 'text-embedding-3-small',
      input: ['one', 'two', 'one'],
    });
    expect(made.data.map((entry) => entry.embedding.length)).toEqual([1536, 1536, 1536]);
    expect(made.data[0]?.embedding).toEqual(made.data[2]?.embedding);
    expect(made.data[0]?.embedding).not.toEqual(made.data[1]?.embedding);
  });

  it('answers moderations', async () => {
    const made = await client.moderations.create({ model: 'omni-moderation-latest', input: 'Hello' });
    expect(made.results[0]?.flagged).toBe(false);
  });

  it('answers legacy completions, streamed and not', async () => {
    const request = { model: 'gpt-3.5-turbo-instruct', prompt: 'Once upon' };
    expect((await client.completions.create(request)).choices[0]?.text).toContain('Once upon');
    const chunks = await collect(await client.completions.create({ ...request, stream: true }));
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
  });

  it('generates a PNG', async () => {
    const made = await client.images.generate({ model: 'gpt-image-1', prompt: 'A pixel' });
    const bytes = Buffer.from(made.data?.[0]?.b64_json ?? '', 'base64');
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    expect(made.usage?.output_tokens).toBeGreaterThan(0);
  });

  it('generates speech as MP3 and WAV', async () => {
    const request = { model: 'tts-1', voice: 'alloy', input: 'Hello' } as const;
    const mp3 = Buffer.from(await (await client.audio.speech.create(request)).arrayBuffer());
    expect([mp3[0], mp3[1]]).toEqual([0xff, 0xfb]);
    const wav = await client.audio.speech.create({ ...request, response_format: 'wav' });
    expect(
      Buffer.from(await wav.arrayBuffer())
        .subarray(0, 4)
        .toString(),
    ).toBe('RIFF');
  });

  it('transcribes and translates a file', async () => {
    const file = await toFile(Buffer.alloc(4000), 'speech.mp3');
    const made = await client.audio.transcriptions.create({ model: 'whisper-1', file });
    expect(made.text).toContain('4000 bytes of speech.mp3');
    expect((await client.audio.translations.create({ model: 'whisper-1', file })).text).toContain(
      '4000 bytes',
    );
  });

  it('reranks in Cohere’s format', async () => {
    const documents = ['the sea is deep', 'a cat sat down', 'cats and a cat'];
    const response = await post(
      '/v2/rerank',
      JSON.stringify({ model: 'rerank-v3.5', query: 'cat', documents, top_n: 2 }),
    );
    const made = (await response.json()) as { results: { index: number }[]; meta: unknown };
    expect(made.results.map(({ index }) => index).sort()).toEqual([1, 2]);
    expect(made.meta).toMatchObject({ billed_units: { search_units: 1 } });
  });

  it('lists its models by provider', async () => {
    const lists = (await (await fetch(`${demo.url}/demo/models`)).json()) as Record<string, string[]>;
    expect(lists.openai).toContain('gpt-4o');
    expect(Object.keys(lists)).toEqual(['openai', 'anthropic', 'gemini', 'cohere']);
  });
});

function post(path: string, body: string): Promise<Response> {
  const headers = { authorization: 'Bearer demo', 'content-type': 'application/json' };
  return fetch(`${demo.url}${path}`, { method: 'POST', headers, body });
}

async function collect<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of stream) items.push(item);
  return items;
}
