// Translated responses that failed: no caller receives them as a success, their text is kept, and a charged
// response is not retried.
import { beforeEach, describe, expect, it } from 'vitest';
import { type OpenRelay, openRelay } from '../routes/open-relay.ts';

let relay: OpenRelay;
let token: string;

beforeEach(async () => {
  relay = openRelay();
  const channel = (name: string, provider: string, more = {}) =>
    relay.channel({ name, provider, keys: ['k'], models: [`${name}-*`], ...more });
  await channel('claude', 'anthropic');
  await channel('gemini', 'gemini');
  await channel('glm', 'openai-compatible', { base_url: 'https://chat.test/v1' });
  ({ token } = await relay.token());
});

const user = [{ role: 'user', content: 'Hello' }];

/** A caller of each format: its request, and the finish reasons that a failure must not have. */
const callers = {
  chat: {
    path: '/v1/chat/completions',
    body: { messages: user },
    success: /"finish_reason":"(stop|tool_calls|length)"/,
  },
  responses: {
    path: '/v1/responses',
    body: { input: 'Hello', store: false },
    success: /"status":"completed"|response\.completed/,
  },
  messages: {
    path: '/v1/messages',
    body: { messages: user, max_tokens: 99 },
    success: /"stop_reason":"(end_turn|tool_use|max_tokens)"/,
  },
} as const;
type Caller = keyof typeof callers;

async function send(caller: Caller, model: string, stream: boolean) {
  const { path, body } = callers[caller];
  return relay.fetch(path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream, ...body }),
  });
}

const sse = (events: unknown[]) =>
  new Response(
    events.map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`).join(''),
    { headers: { 'content-type': 'text/event-stream' } },
  );

const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

/** An upstream of each format that sends `text` and ends with `reason`. */
const upstreams = {
  'gemini-3': (text: string, finishReason: string, stream: boolean) => {
    const candidate = {
      content: { role: 'model', parts: text === '' ? [] : [{ text }] },
      finishReason,
      index: 0,
    };
    const answer = { candidates: [candidate], usageMetadata: { promptTokenCount: 10, totalTokenCount: 10 } };
    return stream ? sse([answer]) : Response.json(answer);
  },
  'glm-5': (content: string, finish_reason: string, stream: boolean) => {
    const common = { id: 'c', created: 1, model: 'm' };
    const choice = { index: 0, finish_reason, logprobs: null };
    if (!stream)
      return Response.json({
        ...common,
        choices: [{ ...choice, message: { role: 'assistant', content } }],
        usage,
      });
    return sse([
      { ...common, choices: [{ ...choice, delta: { content } }] },
      { ...common, choices: [], usage },
      '[DONE]',
    ]);
  },
  'claude-opus-4-5': (text: string, stop_reason: string, stream: boolean) => {
    const message = { id: 'm', type: 'message', role: 'assistant', model: 'c', stop_sequence: null };
    const usage = { input_tokens: 9, output_tokens: 3 };
    if (!stream) return Response.json({ ...message, content: [{ type: 'text', text }], stop_reason, usage });
    return sse([
      { type: 'message_start', message: { ...message, content: [], stop_reason: null, usage } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage },
      { type: 'message_stop' },
    ]);
  },
};
type Model = keyof typeof upstreams;

const failures: [Model, string][] = [
  ...[
    'MALFORMED_FUNCTION_CALL',
    'UNEXPECTED_TOOL_CALL',
    'TOO_MANY_TOOL_CALLS',
    'OTHER',
    'MALFORMED_RESPONSE',
    'NO_IMAGE',
    'TOMORROWS_WORD',
  ].map((reason): [Model, string] => ['gemini-3', reason]),
  ...['error', 'abort', 'insufficient_system_resource', 'network_error', 'a_word_of_tomorrow'].map(
    (reason): [Model, string] => ['glm-5', reason],
  ),
  ['claude-opus-4-5', 'a_word_of_tomorrow'],
];

const pairs = failures.flatMap(([model, reason]) =>
  (Object.keys(callers) as Caller[])
    .filter(
      (caller) =>
        !(model === 'glm-5' && caller === 'chat') && !(model === 'claude-opus-4-5' && caller === 'messages'),
    )
    .map((caller) => ({ model, reason, caller })),
);

describe('responses that failed after some text', () => {
  it.each(pairs)('maps $reason of $model to a failure for $caller', async ({ model, reason, caller }) => {
    relay.upstream = () => upstreams[model]('half an ans', reason, true);
    const streamed = (await send(caller, model, true)).text;
    expect(streamed).toContain('half an ans');
    expect(streamed).not.toMatch(callers[caller].success);
    expect(streamed).toMatch(/error|response\.failed/);

    relay.upstream = () => upstreams[model]('half an ans', reason, false);
    const whole = await send(caller, model, false);
    const text = JSON.stringify(whole.body);
    expect(text).toContain('half an ans');
    expect(text).not.toMatch(callers[caller].success);
    expect(whole.headers.get('x-should-retry')).toBe('false');
    expect(whole.status).toBe(caller === 'messages' ? 502 : 200);
  });
});

describe('errors beside the text of a choice', () => {
  const error = { code: 502, message: 'Upstream error: DataInspectionFailed' };
  const answer = (content: string | null) =>
    Response.json({
      id: 'gen-1',
      choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: null, error }],
      usage: { prompt_tokens: 15, completion_tokens: 2_528, total_tokens: 2_543 },
    });

  it.each([
    ['messages' as const, 502],
    ['responses' as const, 200],
  ])('keeps the text for %s, marks it as an error, and does not retry', async (caller, status) => {
    relay.upstream = () => answer('4,716 characters of text');
    const reply = await send(caller, 'glm-5', false);
    expect(reply.status).toBe(status);
    expect(reply.headers.get('x-should-retry')).toBe('false');
    expect(reply.text).toContain('4,716 characters of text');
    expect(reply.body.error.message).toContain('DataInspectionFailed');
    expect(relay.received).toHaveLength(1);
  });

  it('does not retry where tokens were charged without text', async () => {
    relay.upstream = () => answer(null);
    const reply = await send('messages', 'glm-5', false);
    expect(reply.status).toBe(502);
    expect(reply.headers.get('x-should-retry')).toBe('false');
    expect(reply.body).toMatchObject({ type: 'error', error: { type: 'api_error' } });
  });

  it('may retry where nothing was charged', async () => {
    relay.upstream = () => upstreams['gemini-3']('', 'MALFORMED_FUNCTION_CALL', false);
    for (const caller of Object.keys(callers) as Caller[]) {
      const reply = await send(caller, 'gemini-3', false);
      expect([reply.status, reply.headers.get('x-should-retry')]).toEqual([502, null]);
    }
  });
});

describe('responses that a content filter ended', () => {
  const filters: [Model, string][] = [
    ['gemini-3', 'MODEL_ARMOR'],
    ['gemini-3', 'IMAGE_OTHER'],
    ['gemini-3', 'SAFETY'],
    ['gemini-3', 'IMAGE_SAFETY_OF_TOMORROW'],
    ['glm-5', 'sensitive'],
    ['glm-5', 'content_filter'],
  ];

  it.each(filters)(
    'maps the finish reason of %s, %s, to a refusal or a content filter',
    async (model, reason) => {
      for (const stream of [false, true]) {
        relay.upstream = () => upstreams[model]('o', reason, stream);
        expect((await send('messages', model, stream)).text).toContain('"stop_reason":"refusal"');
        expect((await send('responses', model, stream)).text).toContain(
          '"incomplete_details":{"reason":"content_filter"}',
        );
        if (model !== 'glm-5')
          expect((await send('chat', model, stream)).text).toContain('"finish_reason":"content_filter"');
      }
    },
  );

  it('reports the reason, where the provider does', async () => {
    const refusal = { type: 'refusal', category: 'cyber', explanation: 'Not this.' };
    const message = {
      id: 'm',
      type: 'message',
      role: 'assistant',
      model: 'c',
      content: [],
      stop_reason: 'refusal',
    };
    relay.upstream = () =>
      Response.json({ ...message, stop_details: refusal, usage: { input_tokens: 9, output_tokens: 3 } });
    const chat = await send('chat', 'claude-opus-4-5', false);
    expect(chat.body.choices[0]).toMatchObject({
      message: { refusal: 'Not this.' },
      finish_reason: 'content_filter',
    });
    const response = await send('responses', 'claude-opus-4-5', false);
    expect(response.body.output[0].content).toEqual([{ type: 'refusal', refusal: 'Not this.' }]);
    relay.upstream = () =>
      Response.json({
        candidates: [{ finishReason: 'MODEL_ARMOR', finishMessage: 'Violated settings.', index: 0 }],
      });
    expect((await send('chat', 'gemini-3', false)).body.choices[0].message.refusal).toBe(
      'Violated settings.',
    );
    expect((await send('messages', 'gemini-3', false)).body.stop_details.explanation).toBe(
      'Violated settings.',
    );
  });
});

describe('responses without a finish reason', () => {
  it('treats a complete response as a success, and a stream with its terminator', async () => {
    relay.upstream = () => upstreams['glm-5']('four', '', false);
    expect((await send('messages', 'glm-5', false)).body.stop_reason).toBe('end_turn');
    relay.upstream = () => upstreams['glm-5']('four', '', true);
    expect((await send('messages', 'glm-5', true)).text).toContain('"stop_reason":"end_turn"');
  });

  it('treats an empty response as a failure', async () => {
    relay.upstream = () => upstreams['glm-5']('', '', false);
    expect((await send('messages', 'glm-5', false)).status).toBe(502);
  });

  it('reports a full context where the provider does', async () => {
    relay.upstream = () => upstreams['glm-5']('o', 'model_context_window_exceeded', false);
    expect((await send('messages', 'glm-5', false)).body.stop_reason).toBe('model_context_window_exceeded');
  });
});
