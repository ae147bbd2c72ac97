// Upstreams that send responses with a wrong content type: the charge, and what the caller receives.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { addChannels, type OpenRelay, openRelay } from '../routes/open-relay.ts';
import { chargeOf, eventsOf, responseOfType } from './charging.ts';

let relay: OpenRelay;

beforeEach(async () => {
  await env.DB.prepare('DELETE FROM channels').run();
  relay = openRelay();
  await addChannels(relay);
});

const messages = [{ role: 'user', content: 'Say something long.' }];
const usage = { prompt_tokens: 1_000, completion_tokens: 3_000, total_tokens: 4_000 };
const chunk = (delta: object, finish_reason: string | null = null) => ({
  id: 'c',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'gpt-4o',
  choices: [{ index: 0, delta, finish_reason }],
});
const words = [
  chunk({ role: 'assistant', content: 'Once ' }),
  chunk({ content: 'upon a time.' }),
  chunk({}, 'stop'),
];
const usageChunk = { ...chunk({}), choices: [], usage };
const chatStream = eventsOf([...words, usageChunk]);
const completion = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o',
  choices: [
    { index: 0, message: { role: 'assistant', content: 'Once upon a time.' }, finish_reason: 'stop' },
  ],
  usage,
};
/** gpt-4o: $2.50 and $10 a million. */
const honestNanoUsd = 1_000 * 2_500 + 3_000 * 10_000;

const wrongTypes = [
  null,
  'text/plain',
  'application/octet-stream',
  'application/json',
  'Text/Event-Stream; charset=UTF-8',
  'text/html',
];

describe('event streams with a wrong content type', () => {
  const body = { model: 'gpt-4o', messages, stream: true };

  it.each(wrongTypes)(
    'charges an event stream labelled %s by its usage, and removes the relay’s own usage chunk',
    async (type) => {
      const reply = await chargeOf(relay, { path: '/v1/chat/completions', body }, () =>
        responseOfType(chatStream, type),
      );
      expect(reply.nanoUsd).toBe(honestNanoUsd);
      expect(reply.text).toBe(eventsOf(words));
      expect(reply.headers.get('content-type')).toBe(type);
    },
  );

  it.each(['\uFEFF', '\r\n\r\n  ', ': hello\n\n', 'event: x\n', 'id: 1\n', 'retry: 3\n'])(
    'detects an event stream that begins with %j',
    async (front) => {
      const reply = await chargeOf(relay, { path: '/v1/chat/completions', body }, () =>
        responseOfType(front + chatStream, null),
      );
      expect(reply.nanoUsd).toBe(honestNanoUsd);
      expect(reply.text).not.toContain('prompt_tokens');
      expect(reply.text).toContain('Once ');
    },
  );

  it('detects an event stream that has a content-length', async () => {
    const length = { 'content-length': String(chatStream.length) };
    const reply = await chargeOf(relay, { path: '/v1/chat/completions', body }, () =>
      responseOfType(chatStream, 'application/json', length),
    );
    expect([reply.nanoUsd, reply.text]).toEqual([honestNanoUsd, eventsOf(words)]);
  });

  it('passes an unrequested event stream through, and charges it', async () => {
    const withoutStream = { model: 'gpt-4o', messages };
    for (const type of ['application/json', 'text/event-stream', null]) {
      const reply = await chargeOf(relay, { path: '/v1/chat/completions', body: withoutStream }, () =>
        responseOfType(chatStream, type),
      );
      expect([reply.nanoUsd, reply.text]).toEqual([honestNanoUsd, chatStream]);
    }
  });

  it('charges mislabelled streams of Responses, Messages and Gemini by their usage', async () => {
    const response = { id: 'resp_1', object: 'response', model: 'gpt-4o', status: 'completed', output: [] };
    const done = { ...response, usage: { input_tokens: 1_000, output_tokens: 3_000, total_tokens: 4_000 } };
    const apis = [
      [
        '/v1/responses',
        { model: 'gpt-4o', input: 'hi', stream: true },
        eventsOf(
          [
            { type: 'response.created', sequence_number: 0, response },
            { type: 'response.completed', sequence_number: 1, response: done },
          ],
          '',
        ),
      ],
      [
        '/v1/messages',
        { model: 'claude-3-5-haiku-20241022', max_tokens: 9_000, messages, stream: true },
        eventsOf(
          [
            {
              type: 'message_start',
              message: { model: 'm', usage: { input_tokens: 1_000, output_tokens: 1 } },
            },
            { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'Hi' } },
            { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3_000 } },
            { type: 'message_stop' },
          ],
          '',
        ),
      ],
      [
        '/v1beta/models/gemini-2.0-flash:streamGenerateContent?alt=sse',
        { contents: [{ parts: [{ text: 'hi' }] }] },
        eventsOf(
          [
            {
              candidates: [{ content: { parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }],
              usageMetadata: { promptTokenCount: 1_000, candidatesTokenCount: 3_000, totalTokenCount: 4_000 },
            },
          ],
          '',
        ),
      ],
    ] as const;
    for (const [path, body, text] of apis) {
      const honest = await chargeOf(relay, { path, body }, () => responseOfType(text, 'text/event-stream'));
      expect(honest.nanoUsd).toBeGreaterThan(0);
      for (const type of [null, 'application/json', 'TEXT/EVENT-STREAM']) {
        const reply = await chargeOf(relay, { path, body }, () => responseOfType(text, type));
        expect([path, type, reply.nanoUsd, reply.text]).toEqual([path, type, honest.nanoUsd, honest.text]);
      }
    }
  });

  it('treats an event stream that begins with an error as a failure, whatever its label', async () => {
    await relay.channel({
      name: 'p',
      provider: 'openai',
      keys: ['k'],
      models: ['gpt-4o'],
      base_url: 'https://better.test/v1',
      priority: -1,
    });
    const error = eventsOf([{ error: { code: 'overloaded', message: 'Later.' } }]);
    const reply = await chargeOf(relay, { path: '/v1/chat/completions', body }, ({ url }) =>
      responseOfType(url.includes('better') ? chatStream : error, null),
    );
    expect([reply.nanoUsd, reply.text]).toEqual([honestNanoUsd, eventsOf(words)]);
  });
});

describe('JSON with a wrong content type', () => {
  it.each([null, 'text/plain', 'text/event-stream', 'application/octet-stream'])(
    'charges JSON labelled %s by its usage',
    async (type) => {
      for (const stream of [true, false]) {
        const text = JSON.stringify(completion, null, stream ? 2 : 0);
        const reply = await chargeOf(
          relay,
          { path: '/v1/chat/completions', body: { model: 'gpt-4o', messages, stream } },
          () => responseOfType(text, type),
        );
        expect([reply.nanoUsd, reply.text]).toEqual([honestNanoUsd, text]);
      }
    },
  );

  it('charges a JSON array of Gemini by its last usage, whatever its label', async () => {
    const part = (candidatesTokenCount: number) => ({
      candidates: [{ content: { parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }],
      usageMetadata: {
        promptTokenCount: 1_000,
        candidatesTokenCount,
        totalTokenCount: 1_000 + candidatesTokenCount,
      },
    });
    const text = JSON.stringify([part(10), part(3_000)]);
    for (const verb of ['streamGenerateContent', 'generateContent', 'streamGenerateContent?alt=sse']) {
      const path = `/v1beta/models/gemini-2.0-flash:${verb}`;
      for (const type of ['application/json', null, 'text/event-stream']) {
        const reply = await chargeOf(relay, { path, body: { contents: [{ parts: [{ text: 'hi' }] }] } }, () =>
          responseOfType(text, type),
        );
        // gemini-2.0-flash: $0.10 and $0.40 a million.
        expect([verb, type, reply.nanoUsd]).toEqual([verb, type, 1_000 * 100 + 3_000 * 400]);
      }
    }
  });
});

describe('translated responses with a wrong content type', () => {
  const requestOf = (stream: boolean) => ({
    path: '/v1/messages',
    body: { model: 'gpt-4.1', max_tokens: 9_000, messages, stream },
  });
  const response = {
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    model: 'gpt-4.1',
    status: 'completed',
    output: [
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: 'Once upon a time.', annotations: [] }],
      },
    ],
    usage: { input_tokens: 1_000, output_tokens: 3_000, total_tokens: 4_000 },
  };
  const at = { output_index: 0, item_id: 'msg_1', content_index: 0 };
  const responseStream = eventsOf(
    [
      {
        type: 'response.created',
        sequence_number: 0,
        response: { ...response, status: 'in_progress', output: [], usage: null },
      },
      {
        type: 'response.output_item.added',
        sequence_number: 1,
        output_index: 0,
        item: { type: 'message', id: 'msg_1', role: 'assistant', content: [] },
      },
      {
        type: 'response.content_part.added',
        sequence_number: 2,
        ...at,
        part: { type: 'output_text', text: '' },
      },
      { type: 'response.output_text.delta', sequence_number: 3, ...at, delta: 'Once ' },
      { type: 'response.output_text.delta', sequence_number: 4, ...at, delta: 'upon a time.' },
      { type: 'response.output_text.done', sequence_number: 5, ...at, text: 'Once upon a time.' },
      { type: 'response.output_item.done', sequence_number: 6, output_index: 0, item: response.output[0] },
      { type: 'response.completed', sequence_number: 7, response },
    ],
    '',
  );
  /** gpt-4.1: $2 and $8 a million. */
  const nanoUsd = 1_000 * 2_000 + 3_000 * 8_000;

  it.each([null, 'application/json', 'text/plain', 'Text/Event-Stream'])(
    'sends a stream labelled %s to a streaming caller',
    async (type) => {
      const reply = await chargeOf(relay, requestOf(true), () => responseOfType(responseStream, type));
      expect(reply.nanoUsd).toBe(nanoUsd);
      expect(reply.text).toMatch(
        /event: message_start[\s\S]*Once [\s\S]*upon a time\.[\s\S]*event: message_stop/,
      );
    },
  );

  it.each([null, 'application/json', 'text/event-stream'])(
    'collects an unrequested stream labelled %s to a whole response',
    async (type) => {
      const reply = await chargeOf(relay, requestOf(false), () => responseOfType(responseStream, type));
      expect(reply.nanoUsd).toBe(nanoUsd);
      expect(reply.body).toMatchObject({
        type: 'message',
        stop_reason: 'end_turn',
        content: [{ type: 'text', text: 'Once upon a time.' }],
      });
    },
  );

  it.each([null, 'text/event-stream', 'text/plain'])(
    'sends a whole response labelled %s in the requested form',
    async (type) => {
      const whole = await chargeOf(relay, requestOf(false), () =>
        responseOfType(JSON.stringify(response), type),
      );
      expect([whole.nanoUsd, whole.body.content[0].text]).toEqual([nanoUsd, 'Once upon a time.']);
      const stream = await chargeOf(relay, requestOf(true), () =>
        responseOfType(JSON.stringify(response), type),
      );
      expect(stream.nanoUsd).toBe(nanoUsd);
      expect(stream.text).toMatch(/event: message_start[\s\S]*Once upon a time\.[\s\S]*event: message_stop/);
    },
  );

  it('reports an unrequested stream that is truncated as an error', async () => {
    const cut = responseStream.slice(0, responseStream.indexOf('response.output_text.done') - 20);
    const reply = await chargeOf(relay, requestOf(false), () => responseOfType(cut, 'text/event-stream'));
    expect(reply.status).toBe(502);
    expect(reply.nanoUsd).toBe(0);
  });
});
