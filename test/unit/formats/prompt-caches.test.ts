// Tests what keeps providers' prompt caches effective: each turn starts with the previous one, Claude gets cache
// markers, and nothing that changes between sessions comes first.
import { describe, expect, it } from 'vitest';
import {
  systemWithoutBillingLine,
  withoutBillingLine,
} from '../../../src/formats/claude-code-billing-line.ts';
import { eventsOfResponse } from '../../../src/formats/events-of-response.ts';
import { objectAt, objectsAt } from '../../../src/formats/json-reader.ts';
import type { NeutralRequest } from '../../../src/formats/neutral.ts';
import type { RequestTarget } from '../../../src/formats/wire-format.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { tokensIn } from '../../../src/relay/plan/token-estimate.ts';
import { firstTurn, formatNames, nextTurn, wholeOfStream } from '../../support/agent-turns.ts';
import { type ConversationId, conversationOf, requestOf } from '../../support/formats.ts';
import { contextOf, writeStream } from '../../support/translated-responses.ts';

function read(format: ConversationId, body: JsonObject): NeutralRequest {
  return requestOf(conversationOf(format).readRequest(body, { model: 'm', stream: false }));
}

const targets: Readonly<Record<ConversationId, RequestTarget[]>> = {
  'openai-chat': [
    { model: 'gpt-5.6', provider: 'azure' },
    { model: 'deepseek-chat', provider: 'openai-compatible' },
  ],
  'openai-responses': [{ model: 'gpt-5.6', provider: 'openai' }],
  'anthropic-messages': [
    { model: 'claude-opus-5-5', provider: 'anthropic' },
    { model: 'claude-opus-4-5', provider: 'bedrock' },
    { model: 'claude-sonnet-5-5', provider: 'vertex' },
  ],
  'gemini-generate': [{ model: 'gemini-3.1-pro', provider: 'gemini' }],
};

/** An answer with a thought, text and two calls in each provider's format. */
const answers: Readonly<Record<ConversationId, JsonObject>> = {
  'openai-chat': {
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: 'I look.',
          reasoning_content: 'Hm.',
          tool_calls: ['a', 'b'].map((id) => ({
            id,
            type: 'function',
            function: { name: 'look', arguments: '{"path":"/"}' },
          })),
        },
        finish_reason: 'tool_calls',
      },
    ],
  },
  'openai-responses': {
    status: 'completed',
    output: [
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'Hm.' }],
        encrypted_content: 'gAAA',
      },
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'I look.', annotations: [] }],
      },
      ...['a', 'b'].map((id) => ({
        type: 'function_call',
        id: `fc_${id}`,
        call_id: `call_${id}`,
        name: 'look',
        arguments: '{"path":"/"}',
      })),
    ],
  },
  'anthropic-messages': {
    content: [
      { type: 'thinking', thinking: 'Hm.', signature: 's1' },
      { type: 'text', text: 'I look.' },
      { type: 'tool_use', id: 'toolu_a', name: 'look', input: { path: '/' } },
      { type: 'thinking', thinking: 'And.', signature: 's2' },
      { type: 'tool_use', id: 'toolu_b', name: 'look', input: { path: '/' } },
    ],
    stop_reason: 'tool_use',
  },
  'gemini-generate': {
    candidates: [
      {
        index: 0,
        content: {
          role: 'model',
          parts: [
            { text: 'Hm.', thought: true },
            { text: 'I look.' },
            { functionCall: { name: 'look', args: { path: '/' } }, thoughtSignature: 'c2ln' },
            { functionCall: { name: 'look', args: { path: '/' } } },
          ],
        },
        finishReason: 'STOP',
      },
    ],
  },
};

/** Returns the turns of one agent as the upstream receives them. */
function sentTurns(
  caller: ConversationId,
  target: ConversationId,
  to: RequestTarget,
  isStreamed: boolean,
  count = 3,
): JsonObject[] {
  const sent: JsonObject[] = [];
  let body = firstTurn(caller);
  for (let turn = 0; turn < count; turn++) {
    const request = read(caller, body);
    sent.push(conversationOf(target).writeRequest(request, to).body);
    const answer = conversationOf(target).readResponse(answers[target]);
    const context = contextOf({ request, body, answerId: `answer${turn}` });
    const whole = isStreamed
      ? wholeOfStream(
          caller,
          writeStream(conversationOf(caller).eventWriter(context), eventsOfResponse(answer)),
        )
      : conversationOf(caller).writeResponse(answer, context).body;
    body = nextTurn(caller, body, whole);
  }
  return sent;
}

const unmarked = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null), (key, member: unknown) =>
    key === 'cache_control' ? undefined : member,
  );
const prefixOf = (body: JsonObject) =>
  unmarked({
    system: body.system ?? body.instructions ?? body.systemInstruction,
    tools: body.tools,
  }) as JsonObject;
const turnsOf = (body: JsonObject) => unmarked(body.messages ?? body.input ?? body.contents) as unknown[];

const pairs = formatNames.flatMap((caller) =>
  formatNames
    .filter((target) => target !== caller)
    .flatMap((target) => targets[target].map((to) => ({ caller, target, to }))),
);

describe.each(pairs)('from $caller to $target ($to.provider)', ({ caller, target, to }) => {
  for (const isStreamed of [false, true])
    it(`sends each turn as the exact beginning of the next${isStreamed ? ', streamed' : ''}`, () => {
      const sent = sentTurns(caller, target, to, isStreamed);
      for (const [index, body] of sent.slice(1).entries()) {
        const before = sent[index] as JsonObject;
        expect(prefixOf(body)).toEqual(prefixOf(before));
        const turns = turnsOf(before);
        expect(turnsOf(body).length).toBeGreaterThan(turns.length);
        expect(turnsOf(body).slice(0, turns.length)).toEqual(turns);
      }
    });
});

describe.each(pairs)('twenty turns from $caller to $target ($to.provider)', ({ caller, target, to }) => {
  it('have at least 85 % of their tokens cached by the turn before', () => {
    const sent = sentTurns(caller, target, to, false, 20);
    const size = (body: JsonObject) => tokensIn([prefixOf(body), turnsOf(body)]);
    const total = sent.reduce((sum, body) => sum + size(body), 0);
    const cached = sent.slice(1).reduce((sum, body, index) => {
      const before = sent[index] as JsonObject;
      const begins =
        JSON.stringify(turnsOf(body).slice(0, turnsOf(before).length)) === JSON.stringify(turnsOf(before));
      return sum + (begins ? size(before) : 0);
    }, 0);
    expect(cached / total).toBeGreaterThan(0.85);
  });
});

describe('the cache markers for Claude', () => {
  const marker = { type: 'ephemeral' };
  const write = (body: JsonObject, to: Partial<RequestTarget> = {}, format: ConversationId = 'openai-chat') =>
    conversationOf('anthropic-messages').writeRequest(read(format, body), {
      model: 'claude-opus-5',
      provider: 'anthropic',
      ...to,
    }).body;
  const count = (body: JsonObject) => JSON.stringify(body).split('"cache_control"').length - 1;
  const plain = { messages: [{ role: 'user', content: 'x' }] };
  const second = {
    messages: [...plain.messages, { role: 'assistant', content: 'y' }, { role: 'user', content: 'z' }],
  };

  it('consist of one for the whole request at Anthropic', () => {
    for (const format of formatNames.filter((name) => name !== 'anthropic-messages')) {
      const body = write(firstTurn(format), {}, format);
      expect([body.cache_control, count(body)]).toEqual([marker, 1]);
    }
    expect(write(second).cache_control).toEqual(marker);
  });

  it('are on blocks at Bedrock and Vertex, four at most', () => {
    for (const provider of ['bedrock', 'vertex']) {
      const first = write(firstTurn('openai-chat'), { provider });
      expect(first).not.toHaveProperty('cache_control');
      expect(objectsAt(first, 'system').at(-1)?.cache_control).toEqual(marker);
      expect(count(first)).toBe(2);
      const [, , third] = sentTurns(
        'openai-chat',
        'anthropic-messages',
        { model: 'claude-opus-4-5', provider },
        false,
      );
      const marked = objectsAt(third, 'messages').map(
        ({ content }) =>
          objectAt(content as never, 'cache_control') ?? JSON.stringify(content).includes('cache_control'),
      );
      expect(marked).toEqual([false, false, true, false, true]);
      expect(count(third as JsonObject)).toBe(3);
      const { messages: _, ...tools } = firstTurn('openai-chat');
      const unsystematic = write({ ...tools, ...plain }, { provider });
      expect(objectsAt(unsystematic, 'tools').at(-1)?.cache_control).toEqual(marker);
    }
  });

  it('are never on a thought', () => {
    const request = read('openai-chat', second);
    const signature = { origin: 'anthropic-messages', kind: 'signature', value: 's' } as const;
    const turn = {
      role: 'assistant' as const,
      parts: [{ type: 'reasoning' as const, text: 't', signature }],
      at: '',
    };
    const { body } = conversationOf('anthropic-messages').writeRequest(
      { ...request, messages: [...request.messages, turn] },
      { model: 'claude-opus-4-8', provider: 'bedrock' },
    );
    expect(objectsAt(objectsAt(body, 'messages').at(-1), 'content')).toEqual([
      { type: 'thinking', thinking: 't', signature: 's' },
    ]);
  });

  it('are omitted for a single question, and if the channel disables them', () => {
    expect(count(write(plain))).toBe(0);
    expect(count(write({ ...plain, response_format: { type: 'json_object' } }))).toBe(0);
    expect(count(write(second, { promptCache: false }))).toBe(0);
    expect(count(write(second, { promptCache: false, provider: 'bedrock' }))).toBe(0);
  });

  it('are not added if the caller sets its own, or to a Messages request that is only rewritten', () => {
    const own = {
      messages: [
        { role: 'system', content: [{ type: 'text', text: 's', cache_control: marker }] },
        ...second.messages,
      ],
    };
    const body = write(own);
    expect([count(body), body.cache_control]).toEqual([1, undefined]);
    expect(count(write(firstTurn('anthropic-messages'), {}, 'anthropic-messages'))).toBe(0);
  });

  it('are not sent to models that are too old or not Claude', () => {
    expect(count(write(second, { model: 'kimi-k3' }))).toBe(0);
    expect(count(write(second, { model: 'arn:aws:bedrock:x:1:profile/abc', provider: 'bedrock' }))).toBe(2);
    expect(
      count(write(second, { model: 'anthropic.claude-3-haiku-20240307-v1:0', provider: 'bedrock' })),
    ).toBe(0);
  });
});

describe('Claude Code’s billing line', () => {
  const line = 'x-anthropic-billing-header: cc_version=2.1.197.97b; cc_entrypoint=cli;';
  const block = (text: string) => ({ type: 'text', text });
  const texts = (system: unknown) =>
    withoutBillingLine(read('anthropic-messages', { ...firstTurn('anthropic-messages'), system })).system.map(
      ({ text }) => text,
    );

  it('is removed from the system prompt, and nothing else', () => {
    expect(texts([block(line), block('You are.')])).toEqual(['You are.']);
    expect(texts(`${line}\nYou are.\nBe kind.`)).toEqual(['You are.\nBe kind.']);
    expect(texts([block(line)])).toEqual([]);
    const about = `Never print ${line}`;
    expect(texts([block(about)])).toEqual([about]);
  });

  it('is removed from a Messages body too', () => {
    const own = { ...block('You are.'), cache_control: { type: 'ephemeral' } };
    expect(systemWithoutBillingLine([block(line), own])).toEqual([own]);
    expect(systemWithoutBillingLine(`${line}\n\nYou are.`)).toBe('You are.');
    for (const system of [line, [block(line)]]) expect(systemWithoutBillingLine(system)).toBeUndefined();
    for (const system of [undefined, null, 7, [7, null, block('x')]])
      expect(systemWithoutBillingLine(system)).toEqual(system);
  });
});
