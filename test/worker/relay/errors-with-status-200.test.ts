// Upstreams that answer 200 with an error, an HTML page or nothing: the request fails over without a charge.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { someInTurn } from '../../support/test-length.ts';
import { type OpenRelay, openRelay } from '../routes/open-relay.ts';
import { chargeOf, eventsOf, responseOfType } from './charging.ts';

let relay: OpenRelay;

/** Opens an isolate without known failures or channels. */
async function startAgain() {
  await env.DB.prepare('DELETE FROM channels').run();
  relay = openRelay();
}

beforeEach(async () => {
  await startAgain();
  await relay.manage('PUT', '/prices/the-model', { input: 1, output: 1 });
});

const messages = [{ role: 'user', content: 'hi' }];
const answers = {
  openai: {
    object: 'chat.completion',
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Fine.' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 },
  },
  anthropic: {
    type: 'message',
    id: 'msg_1',
    role: 'assistant',
    model: 'm',
    content: [{ type: 'text', text: 'Fine.' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 10, output_tokens: 2 },
  },
  gemini: {
    candidates: [{ content: { role: 'model', parts: [{ text: 'Fine.' }] }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 2, totalTokenCount: 12 },
  },
};
type ProviderName = keyof typeof answers;

interface Exchange {
  /** The caller's API format. */
  format: ProviderName;
  provider: ProviderName;
  stream: boolean;
}

const bodies = {
  openai: (stream: boolean) => ({
    path: '/v1/chat/completions',
    body: { model: 'the-model', messages, stream },
  }),
  anthropic: (stream: boolean) => ({
    path: '/v1/messages',
    body: { model: 'the-model', max_tokens: 50, messages, stream },
  }),
  gemini: (stream: boolean) => ({
    path: `/v1beta/models/the-model:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
    body: { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] },
  }),
};

async function createChannel(provider: ProviderName, name: string, priority = 0): Promise<string> {
  const fields = { name, provider, priority, keys: ['key-of-the-operator'], models: ['the-model'] };
  const chat = provider === 'openai' ? { provider: 'openai-compatible' } : {};
  return (await relay.channel({ ...fields, ...chat, base_url: `https://${name}.test/v1` })).id;
}

/** Makes the first channel answer with `fault`, and the second correctly, whole or as requested. */
async function sendToTwo({ format, provider, stream }: Exchange, fault: () => Response) {
  const id = await createChannel(provider, 'first', 1);
  await createChannel(provider, 'second');
  relay.received.length = 0;
  const reply = await chargeOf(relay, bodies[format](stream), ({ url }) =>
    url.includes('first') ? fault() : Response.json(answers[provider]),
  );
  const hosts = relay.received.map(({ url }) => new URL(url).hostname.replace('.test', ''));
  const { body } = await relay.manage('GET', `/channels/${id}`);
  return { ...reply, hosts, channel: body };
}

/** Makes the only channel answer with `fault`. */
async function sendToOnly({ format, provider, stream }: Exchange, fault: () => Response) {
  const id = await createChannel(provider, 'only');
  const reply = await chargeOf(relay, bodies[format](stream), fault);
  const { body } = await relay.manage('GET', `/channels/${id}`);
  return { ...reply, channel: body };
}

const page = '<!DOCTYPE html>\n<html><head><title>502</title></head><body>Bad gateway</body></html>';
const overloaded: Record<ProviderName, object> = {
  openai: { error: { message: 'Too busy', type: 'server_error', code: null } },
  anthropic: { type: 'error', error: { type: 'overloaded_error', message: 'Too busy' } },
  gemini: { error: { code: 503, status: 'UNAVAILABLE', message: 'Too busy' } },
};
const chunked = (text: string, type: string | null) => () => responseOfType(text, type, {});
const sized = (text: string, type: string) => () =>
  responseOfType(text, type, { 'content-length': String(new TextEncoder().encode(text).length) });

const faults: [string, (provider: ProviderName) => () => Response][] = [
  ['an error as JSON', (provider) => chunked(JSON.stringify(overloaded[provider]), 'application/json')],
  [
    'an error with a content-length',
    (provider) => sized(JSON.stringify(overloaded[provider], null, 2), 'application/json'),
  ],
  ['an error without a type', (provider) => chunked(JSON.stringify(overloaded[provider]), null)],
  ['an HTML page', () => chunked(page, 'text/html; charset=utf-8')],
  ['an HTML page labelled JSON', () => sized(`\n  ${page}`, 'application/json')],
  ['no body', () => () => new Response(null, { headers: { 'content-type': 'application/json' } })],
  ['an empty body', () => chunked('', 'application/json')],
  ['an empty stream', () => chunked(': hello\n\n', 'text/event-stream')],
  ['a stream with an end only', () => chunked('data: [DONE]\n\n', 'text/event-stream')],
];

/** Native and translated, whole and streamed. */
const exchanges: Exchange[] = [
  { format: 'openai', provider: 'openai', stream: true },
  { format: 'anthropic', provider: 'anthropic', stream: false },
  { format: 'gemini', provider: 'gemini', stream: true },
  { format: 'gemini', provider: 'openai', stream: true },
  { format: 'openai', provider: 'anthropic', stream: false },
];

describe.each(faults.map((fault, index) => [...fault, index] as const))(
  'a 200 response with %s',
  (_, faultOf, index) => {
    const tried = someInTurn(exchanges, 2, index);

    it('fails over to another channel, native and translated, streamed or not, and is charged once', async () => {
      for (const each of tried) {
        await startAgain();
        const { status, text, nanoUsd, hosts, channel } = await sendToTwo(each, faultOf(each.provider));
        expect([each, status, hosts]).toEqual([each, 200, ['first', 'second']]);
        expect(text).toContain('Fine.');
        expect([each, nanoUsd]).toEqual([each, 12_000]);
        expect([each, channel.health.state]).toEqual([each, 'cooling']);
      }
    });

    it('becomes an error without a charge where there is no other channel', async () => {
      for (const each of tried) {
        await startAgain();
        const { status, text, nanoUsd, channel } = await sendToOnly(each, faultOf(each.provider));
        expect([each, nanoUsd]).toEqual([each, 0]);
        expect([each, channel.health.state, channel.health.last_error]).toEqual([
          each,
          'cooling',
          expect.stringMatching(/an error (in|as)|an empty|a web page/),
        ]);
        // The response was declared a stream and has begun: its own events report the error.
        if (status === 200)
          expect([each.stream, text]).toEqual([true, expect.stringMatching(/error|^: hello|\[DONE\]/)]);
        else expect([502, 503, 529]).toContain(status);
        expect(text).not.toMatch(/<html|<!DOCTYPE/i);
      }
    });
  },
);

const whole = { format: 'openai', provider: 'openai', stream: false } as const;
const failing = (body: unknown) => () => Response.json(body);

describe('errors in the body of a 200 response', () => {
  it.each([
    ['a rate limit by name', { error: { type: 'rate_limit_error', message: 'x' } }, 429],
    ['a rate limit by number', { error: { code: 429, message: 'x' } }, 429],
    ['an invalid key', { error: { type: 'authentication_error', message: 'x' } }, 502],
    ['spent credit', { error: { code: 'insufficient_quota', message: 'x' } }, 502],
    ['OpenRouter’s', { error: { code: 502, message: 'Provider returned error' }, user_id: 'u' }, 502],
    ['vLLM’s', { object: 'error', message: 'x', code: 500 }, 500],
    ['Cloudflare’s', { success: false, errors: [{ code: 7000, message: 'x' }], result: null }, 502],
    ['an error as text', { error: 'model is loading' }, 502],
    ['an error flag', { error: true, message: 'x' }, 502],
    [
      'a response that failed',
      { id: 'r', object: 'response', status: 'failed', error: { code: 'server_error' }, output: [] },
      502,
    ],
  ])('gives an error in a 200 body its proper status: %s', async (_, body, status) => {
    const reply = await sendToOnly(whole, failing(body));
    expect([reply.status, reply.nanoUsd]).toEqual([status, 0]);
    await startAgain();
    expect((await sendToTwo(whole, failing(body))).hosts).toEqual(['first', 'second']);
  });

  it.each([
    ['invalid_request_error', { error: { type: 'invalid_request_error', message: 'No such field' } }, 400],
    ['not_found', { error: { code: 'model_not_found', message: 'x' } }, 404],
    ['an error number', { error: { code: 422, message: 'x' } }, 422],
    [
      'a context overflow',
      { error: { message: "This model's maximum context length is 8192 tokens." } },
      400,
    ],
  ])(
    'passes a caller’s error through or translates it with its status, without failing the channel: %s',
    async (_, body, status) => {
      const native = await sendToTwo(whole, failing(body));
      expect([native.status, native.nanoUsd, native.hosts, native.channel.health.state]).toEqual([
        200,
        0,
        ['first'],
        'ready',
      ]);
      expect(native.text).toBe(JSON.stringify(body));
      await startAgain();
      const translated = await sendToTwo({ ...whole, format: 'anthropic' }, failing(body));
      expect([translated.status, translated.nanoUsd, translated.hosts]).toEqual([status, 0, ['first']]);
      expect(translated.body.type).toBe('error');
    },
  );

  it('cools down the model, the key or the channel, by the cause of the error', async () => {
    const limited = await sendToTwo(whole, failing({ error: { code: 429, message: 'x' } }));
    expect([limited.channel.health.state, limited.channel.model_health.length]).toEqual(['ready', 1]);
    await startAgain();
    const refused = await sendToTwo(
      whole,
      failing({ error: { type: 'authentication_error', message: 'x' } }),
    );
    expect(refused.channel.keys[0].health.state).toBe('refused');
  });
});

describe('200 responses that only look like an error', () => {
  it.each([
    ['an empty error', { ...answers.openai, error: null }],
    [
      'an error with zero values from a Go server',
      { ...answers.openai, error: { message: '', type: '', code: null } },
    ],
    ['an error beside a response', { ...answers.openai, error: { message: 'cut', code: 500 } }],
    [
      'the word "error" in the text',
      JSON.parse(JSON.stringify(answers.openai).replace('Fine.', '{\\"error\\": 1} Fine.')),
    ],
  ])('serves and charges a response: %s', async (_, body) => {
    const reply = await sendToTwo(whole, failing(body));
    expect([reply.status, reply.hosts, reply.nanoUsd]).toEqual([200, ['first'], 12_000]);
  });

  it('passes a requested HTML page through', async () => {
    const quotingHtml = JSON.parse(
      JSON.stringify(answers.openai).replace('Fine.', '<!DOCTYPE html><p>Fine.'),
    );
    expect((await sendToTwo(whole, failing(quotingHtml))).hosts).toEqual(['first']);
  });

  it('passes a stored response with status failed to the caller', async () => {
    const failed = {
      id: 'resp_1',
      object: 'response',
      model: 'the-model',
      status: 'failed',
      output: [],
      usage: null,
    };
    await relay.channel({ name: 'r', provider: 'openai', keys: ['k'], models: ['the-model'] });
    const { token } = await relay.token();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    relay.upstream = () => Response.json({ ...failed, status: 'queued' });
    const made = await relay.fetch('/v1/responses', {
      method: 'POST',
      headers,
      body: JSON.stringify({ model: 'the-model', input: 'hi', background: true }),
    });
    expect(made.status).toBe(200);
    relay.upstream = () => Response.json({ ...failed, error: { code: 'server_error', message: 'x' } });
    const read = await relay.fetch('/v1/responses/resp_1', { headers });
    expect([read.status, read.body.status]).toEqual([200, 'failed']);
  });
});

describe('slow 200 responses', () => {
  it('keeps the first bytes of a response, in whatever pieces they arrive', async () => {
    const text = eventsOf([
      {
        ...answers.openai,
        object: 'chat.completion.chunk',
        choices: [{ index: 0, delta: { content: 'Fine.' }, finish_reason: 'stop' }],
      },
    ]);
    const reply = await sendToTwo({ ...whole, stream: true }, () => {
      const bytes = new TextEncoder().encode(text);
      let at = 0;
      const body = new ReadableStream({
        pull: (controller) => {
          controller.enqueue(bytes.slice(at, at + 3));
          at += 3;
          if (at >= bytes.length) controller.close();
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/plain' } });
    });
    expect([reply.hosts, reply.nanoUsd]).toEqual([['first'], 12_000]);
    expect(reply.text).toContain('Fine.');
  });
});
