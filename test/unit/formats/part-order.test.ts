// Tests parts that grow in parallel but must be written as blocks: only one is open at a time, and nothing is
// lost.
import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../../src/formats/anthropic-messages/index.ts';
import { openaiChat } from '../../../src/formats/openai-chat/index.ts';
import { openaiResponses } from '../../../src/formats/openai-responses/index.ts';
import type { ConversationFormat } from '../../../src/formats/wire-format.ts';
import { contextOf } from '../../support/translated-responses.ts';

const call = (index: number, name: string | null, args: string) => ({
  tool_calls: [
    {
      index,
      ...(name && { id: `call_${index}`, type: 'function' }),
      function: { ...(name && { name }), arguments: args },
    },
  ],
});

/** Returns the chat stream of these deltas as the format writes it. */
function written(format: ConversationFormat, deltas: object[], finish_reason = 'tool_calls') {
  const reader = openaiChat.eventReader();
  const writer = format.eventWriter(contextOf());
  const chunks = [...deltas.map((delta) => ({ delta, finish_reason: null })), { delta: {}, finish_reason }];
  const events = chunks.flatMap((choice) =>
    reader.read({ id: 'c', choices: [{ index: 0, ...choice }] }, undefined),
  );
  const text = [...events, ...reader.end()].map((event) => writer.write(event)).join('') + writer.end();
  // biome-ignore lint/suspicious/noExplicitAny: events of every shape
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json ?? 'null') as any);
}

/** Returns starts and stops in order: `+0`, `-0`. */
const order = (deltas: object[]) =>
  written(anthropicMessages, deltas)
    .filter(({ type }) => type === 'content_block_start' || type === 'content_block_stop')
    .map(({ type, index }) => `${type === 'content_block_start' ? '+' : '-'}${index}`);

/** Returns the message of a client that ignores indexes and appends to the block opened last. */
function accumulated(deltas: object[]) {
  const blocks: { name?: string; text: string }[] = [];
  for (const { type, content_block, delta } of written(anthropicMessages, deltas)) {
    if (type === 'content_block_start')
      blocks.push({ ...(content_block.name && { name: content_block.name }), text: '' });
    const last = blocks.at(-1);
    if (type === 'content_block_delta' && last) last.text += delta.partial_json ?? delta.text ?? '';
  }
  return blocks;
}

const sequential = [
  call(0, 'look', ''),
  call(0, null, '{"q":"1"}'),
  call(1, 'find', ''),
  call(1, null, '{"q":"2"}'),
];
const interleaved = [
  call(0, 'look', ''),
  call(1, 'find', ''),
  call(0, null, '{"q":'),
  call(1, null, '{"q":'),
  call(0, null, '"1"}'),
  call(1, null, '"2"}'),
];

describe('parallel calls of a chat stream, for a Messages caller', () => {
  it.each([
    ['one after another', sequential],
    ['interleaved', interleaved],
    ['the first without arguments', [call(0, 'look', ''), call(1, 'find', '{"q":"2"}')]],
    ['the first with a placeholder', [call(0, 'look', '{}'), call(1, 'find', '{"q":"2"}')]],
  ])('are closed before the next is opened: %s', (_how, deltas) => {
    expect(order(deltas)).toEqual(['+0', '-0', '+1', '-1']);
    const first = deltas === sequential || deltas === interleaved ? '{"q":"1"}' : '{}';
    expect(accumulated(deltas)).toEqual([
      { name: 'look', text: first },
      { name: 'find', text: '{"q":"2"}' },
    ]);
  });

  it('are closed before a text that follows or interrupts them', () => {
    expect(order([{ content: 'a' }, ...sequential, { content: 'b' }])).toEqual([
      '+0',
      '-0',
      '+1',
      '-1',
      '+2',
      '-2',
      '+3',
      '-3',
    ]);
    const middle = [call(0, 'look', '{"q":'), { content: 'b' }, call(0, null, '"1"}')];
    expect(order(middle)).toEqual(['+0', '-0', '+1', '-1']);
    expect(accumulated(middle)).toEqual([{ name: 'look', text: '{"q":"1"}' }, { text: 'b' }]);
  });

  it('reach the caller at once if they come one after another', () => {
    const reader = openaiChat.eventReader();
    const writer = anthropicMessages.eventWriter(contextOf());
    const frames = sequential.map((delta) =>
      reader
        .read({ id: 'c', choices: [{ index: 0, delta, finish_reason: null }] }, undefined)
        .map((event) => writer.write(event))
        .join(''),
    );
    expect(frames[2]).toContain('"name":"find"');
    expect(frames[3]).toContain('input_json_delta');
  });
});

describe('overlapping parts, for a Responses caller', () => {
  it('end their content before their item', () => {
    const types = written(openaiResponses, interleaved).map(({ type, output_index }) =>
      `${type} ${output_index ?? ''}`.trim(),
    );
    const at = (name: string) => types.indexOf(name);
    expect(at('response.output_item.done 0')).toBeLessThan(at('response.output_item.added 1'));
  });
});

describe('a truncated call', () => {
  const items = (finish: string) =>
    written(
      openaiResponses,
      [{ content: 'Let me look.' }, call(0, 'look', '{"q":"1"}'), call(1, 'find', '{"q":"a')],
      finish,
    )
      .filter(({ type }) => type === 'response.output_item.done')
      .map(({ item }) => `${item.type} ${item.status}`);

  it('is incomplete, streamed and not, and earlier items are complete', () => {
    expect(items('length')).toEqual([
      'message completed',
      'function_call completed',
      'function_call incomplete',
    ]);
    expect(items('tool_calls')).toEqual([
      'message completed',
      'function_call completed',
      'function_call completed',
    ]);
    const tool_calls = [{ id: 'a', type: 'function', function: { name: 'find', arguments: '{"q":"a' } }];
    const read = openaiChat.readResponse({ choices: [{ message: { tool_calls }, finish_reason: 'length' }] });
    const { body } = openaiResponses.writeResponse(read, contextOf());
    expect(body).toMatchObject({
      status: 'incomplete',
      output: [{ type: 'function_call', status: 'incomplete' }],
    });
  });

  it('is incomplete if the stream fails', () => {
    const reader = openaiChat.eventReader();
    const writer = openaiResponses.eventWriter(contextOf());
    const chunks = [
      { id: 'c', choices: [{ index: 0, delta: call(0, 'look', '{"q"') }] },
      { error: { message: 'gone' } },
    ];
    const text = chunks
      .flatMap((chunk) => reader.read(chunk, undefined))
      .map((event) => writer.write(event))
      .join('');
    expect(text).toMatch(/output_item\.done.*"function_call","status":"incomplete"/);
    expect(text.indexOf('output_item.done')).toBeLessThan(text.indexOf('event: error'));
  });
});
