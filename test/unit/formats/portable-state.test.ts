// Tests Claude's thoughts on a round trip through clients of other formats that drop them. Each returns to its
// position among text and calls, and Claude never gets text before the first thought of a turn.
import { describe, expect, it } from 'vitest';
import { eventsOfResponse } from '../../../src/formats/events-of-response.ts';
import { objectsAt } from '../../../src/formats/json-reader.ts';
import type { NeutralPart, NeutralRequest } from '../../../src/formats/neutral.ts';
import {
  readPortableState,
  restoreReasoning,
  writePortableState,
} from '../../../src/formats/portable-state.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { firstTurn, formatNames, nextTurn, wholeOfStream } from '../../support/agent-turns.ts';
import { type ConversationId, conversationOf, requestOf } from '../../support/formats.ts';
import { contextOf, writeStream } from '../../support/translated-responses.ts';

const claude = { model: 'claude-opus-4-5', provider: 'anthropic' };

function read(format: ConversationId, body: JsonObject): NeutralRequest {
  return requestOf(conversationOf(format).readRequest(body, { model: 'm', stream: false }));
}

const text = (words: string): JsonObject => ({ type: 'text', text: words });
const thinking = (words: string): JsonObject => ({
  type: 'thinking',
  thinking: words,
  signature: `signature of ${words}`,
});
const use = (id: string): JsonObject => ({ type: 'tool_use', id, name: 'look', input: { path: id } });

/** Returns Claude's last turn after its answer went through a client that drops thoughts. */
function throughClient(format: ConversationId, content: JsonObject[], isStreamed: boolean): JsonObject[] {
  const first = firstTurn(format);
  const answer = conversationOf('anthropic-messages').readResponse({
    content,
    stop_reason: 'tool_use',
    usage: {},
  });
  const context = contextOf({ request: read(format, first), body: first });
  const whole = isStreamed
    ? wholeOfStream(
        format,
        writeStream(conversationOf(format).eventWriter(context), eventsOfResponse(answer)),
      )
    : conversationOf(format).writeResponse(answer, context).body;
  const second = read(format, nextTurn(format, first, whole));
  const { body } = conversationOf('anthropic-messages').writeRequest(second, claude);
  const blocks = objectsAt(objectsAt(body, 'messages')[1], 'content');
  return blocks.map(({ cache_control: _, citations: __, ...block }) => block);
}

const turns: Readonly<Record<string, JsonObject[]>> = {
  'a thought, text, a call': [thinking('a'), text('I look.'), use('toolu_1')],
  'two thoughts around text': [thinking('a'), text('I look.'), thinking('b'), use('toolu_1')],
  'two thoughts and two texts': [
    thinking('a'),
    text('First. '),
    thinking('b'),
    text('Second.'),
    use('toolu_1'),
  ],
  'a thought before each call': [thinking('a'), text('Both.'), use('toolu_1'), thinking('b'), use('toolu_2')],
  'thoughts without text': [thinking('a'), use('toolu_1'), thinking('b'), use('toolu_2')],
  'a hidden thought': [{ type: 'redacted_thinking', data: 'hidden' }, text('Done.'), use('toolu_1')],
};

describe.each(formatNames)('a client of %s that drops thoughts', (format) => {
  for (const [what, content] of Object.entries(turns))
    for (const isStreamed of [false, true])
      it(`returns ${what} in the same order${isStreamed ? ', streamed' : ''}`, () => {
        expect(throughClient(format, content, isStreamed)).toEqual(content);
      });
});

describe('a chat client that changes the text', () => {
  const call = (id: string, content: string | null) => ({
    messages: [
      { role: 'user', content: 'x' },
      {
        role: 'assistant',
        content,
        tool_calls: [{ id, type: 'function', function: { name: 'look', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: id, content: 'ok' },
    ],
  });
  const state = (() => {
    const first = firstTurn('openai-chat');
    const answer = conversationOf('anthropic-messages').readResponse({
      content: [thinking('a'), text('A long text.'), thinking('b'), use('toolu_1')],
      usage: {},
    });
    const { body } = conversationOf('openai-chat').writeResponse(
      answer,
      contextOf({ request: read('openai-chat', first) }),
    );
    const message = objectsAt(body, 'choices')[0]?.message as JsonObject;
    return String(objectsAt(message, 'tool_calls')[0]?.id);
  })();
  const types = (content: string | null) =>
    objectsAt(
      objectsAt(
        conversationOf('anthropic-messages').writeRequest(read('openai-chat', call(state, content)), claude)
          .body,
        'messages',
      )[1],
      'content',
    ).map(({ type }) => type);

  it('still starts the turn with a thought', () => {
    expect(types('Short.')).toEqual(['thinking', 'text', 'thinking', 'tool_use']);
    expect(types('A much longer text than before.')).toEqual([
      'thinking',
      'text',
      'thinking',
      'text',
      'tool_use',
    ]);
    expect(types(null)).toEqual(['thinking', 'thinking', 'tool_use']);
  });
});

describe('reasoning in a portable state', () => {
  const signature = { origin: 'anthropic-messages', kind: 'signature', value: 's' } as const;
  const textPart: NeutralPart = { type: 'text', text: 'Hi.' };
  const call: NeutralPart = { type: 'tool-call', id: 'c', name: 'look', arguments: '{}' };

  it('is not repeated if the client sends the thoughts itself', () => {
    const own: NeutralPart = { type: 'reasoning', text: 't', signature };
    const placed = restoreReasoning([
      { part: own, reasoning: [] },
      { part: textPart, reasoning: [] },
      { part: call, reasoning: [{ text: 't', signature }] },
      { part: { ...call, id: 'd' }, reasoning: [{ text: 't', signature }] },
    ]);
    expect(placed.map(({ type }) => type)).toEqual(['reasoning', 'text', 'tool-call', 'tool-call']);
  });

  it('is not repeated if its signature only says that thoughts must be returned (chat)', () => {
    const plain = { origin: 'openai-chat', kind: 'signature', value: '' } as const;
    const own: NeutralPart = { type: 'reasoning', text: 'a piece of', signature: plain };
    const state = [
      { text: 'a piece of it', signature: plain },
      { text: 'another', signature: plain },
    ];
    const types = (parts: NeutralPart[]) =>
      restoreReasoning([
        ...parts.map((part) => ({ part, reasoning: [] })),
        { part: call, reasoning: state },
      ]).map(({ type }) => type);
    expect(types([own])).toEqual(['reasoning', 'tool-call']);
    expect(types([])).toEqual(['reasoning', 'reasoning', 'tool-call']);
  });

  it('comes before the text if it has no position', () => {
    const placed = restoreReasoning([
      { part: textPart, reasoning: [] },
      { part: call, reasoning: [{ text: 't', signature }] },
    ]);
    expect(placed.map(({ type }) => type)).toEqual(['reasoning', 'text', 'tool-call']);
  });
});

describe('a turn for Claude', () => {
  const turn = (parts: NeutralPart[]) => {
    const request = { ...read('openai-chat', firstTurn('openai-chat')) };
    const messages = [...request.messages, { role: 'assistant' as const, parts, at: 'messages[2]' }];
    const { body } = conversationOf('anthropic-messages').writeRequest({ ...request, messages }, claude);
    return objectsAt(objectsAt(body, 'messages')[1], 'content').map(({ type }) => type);
  };
  const signature = { origin: 'anthropic-messages', kind: 'signature', value: 's' } as const;
  const thought: NeutralPart = { type: 'reasoning', text: 't', signature };
  const textPart: NeutralPart = { type: 'text', text: 'Hi.' };
  const call: NeutralPart = { type: 'tool-call', id: 'c', name: 'look', arguments: '{}' };

  it('starts with its thoughts, wherever a client put them', () => {
    expect(turn([textPart, thought, call])).toEqual(['thinking', 'text', 'tool_use']);
    expect(turn([textPart, call, thought, thought, textPart])).toEqual([
      'thinking',
      'thinking',
      'text',
      'tool_use',
      'text',
    ]);
    expect(turn([textPart, call])).toEqual(['text', 'tool_use']);
  });
});

it('reads and writes the members that clients have stored since the first version', () => {
  const signature = { origin: 'anthropic-messages', kind: 'signature', value: 's' } as const;
  const state = { reasoning: [{ text: 't', signature, after: 3 }], signature };
  const written = writePortableState(state, 'base64url');
  const json = `{"oo8":1,"r":[{"text":"t","proof":${JSON.stringify(signature)},"after":3}],"p":${JSON.stringify(signature)}}`;
  expect(Buffer.from(written, 'base64url').toString().trimEnd()).toBe(json);
  expect(readPortableState(written)).toEqual(state);
});
