// Quirks of single hosts in responses, and members that a response schema requires.
import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../../src/formats/anthropic-messages/index.ts';
import { createMeter } from '../../../src/formats/meter.ts';
import { openaiChat } from '../../../src/formats/openai-chat/index.ts';
import { withPromptTokens } from '../../../src/formats/openai-embeddings/response.ts';
import { openaiResponses } from '../../../src/formats/openai-responses/index.ts';
import { emptyRequest } from '../../../src/formats/request-fields.ts';
import { collectEvents } from '../../support/collect-events.ts';
import { formatOf } from '../../support/formats.ts';
import { haveSpecs, reportSkippedSpecs, schemaFaults } from '../../support/provider-schema.ts';
import { contextOf, readStream, writeStream } from '../../support/translated-responses.ts';

reportSkippedSpecs();

const textOf = (events: object[]) => {
  const reader = openaiResponses.eventReader();
  const read = events.flatMap((event) => reader.read({ ...event }, undefined));
  return collectEvents([...read, ...reader.end()]).candidates[0]?.parts;
};

describe('Responses streams whose indexes differ from their items', () => {
  const content = [{ type: 'output_text', text: 'Sure! 5', annotations: [] }];
  const item = { type: 'message', id: 'm', role: 'assistant', status: 'completed', content };
  const done = { type: 'response.completed', response: { status: 'completed', output: [item] } };

  it('emits text once from a stream whose content indexes differ', () => {
    expect(
      textOf([
        { type: 'response.output_text.delta', output_index: 0, content_index: 1, delta: 'Sure! ' },
        { type: 'response.output_text.delta', output_index: 0, content_index: 1, delta: '5' },
        { type: 'response.output_item.done', output_index: 0, item },
        done,
      ]),
    ).toEqual([{ type: 'text', text: 'Sure! 5' }]);
  });

  it('emits text once from a stream whose output indexes differ', () => {
    expect(
      textOf([
        { type: 'response.output_text.delta', output_index: 1, content_index: 0, delta: 'Sure! 5' },
        { type: 'response.output_item.done', output_index: 1, item },
        done,
      ]),
    ).toEqual([{ type: 'text', text: 'Sure! 5' }]);
  });

  it('emits what the final response adds to the deltas of a stream', () => {
    const two = {
      ...item,
      content: [...content, { type: 'output_text', text: ' and more', annotations: [] }],
    };
    expect(
      textOf([
        { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'Sure! 5' },
        { type: 'response.output_item.done', output_index: 0, item: two },
        done,
      ])?.map((part) => part.type === 'text' && part.text),
    ).toEqual(['Sure! 5', ' and more']);
  });
});

describe('error lines of llama.cpp (`error: {…}`)', () => {
  const line =
    'error: {"code":500,"message":"failed to decode, try again, increasing context size","type":"server_error"}\n\n';
  const stream = `data: {"id":"c","choices":[{"index":0,"delta":{"content":"half"}}]}\n\n${line}`;
  const bytes = new TextEncoder().encode(stream);

  it('reads an `error: {…}` line as an error with the server’s message', () => {
    const read = collectEvents(readStream(openaiChat, [bytes]));
    expect(read.error).toMatchObject({ message: expect.stringContaining('failed to decode') });
    expect(read.candidates[0]?.parts).toEqual([{ type: 'text', text: 'half' }]);
  });

  it('finds an `error: {…}` line in the meter', () => {
    const meter = createMeter(formatOf('openai-chat'), 'sse');
    meter.push(bytes);
    meter.end();
    expect(meter.error).toBe('500');
  });
});

describe('Voyage embeddings', () => {
  it('adds the count that clients require to an embeddings response and changes no other byte', () => {
    const text = '{"object":"list", "data":[{"embedding":[0.50]}],"usage":{"total_tokens":3}}';
    expect(withPromptTokens(text)).toBe(
      '{"object":"list", "data":[{"embedding":[0.50]}],"usage":{"prompt_tokens":3,"total_tokens":3}}',
    );
  });

  it.each(['{"usage":{"prompt_tokens":3,"total_tokens":3}}', '{"detail":"no"}', 'no JSON', '{"usage":null}'])(
    'leaves an embeddings response unchanged where nothing is to be added: %s',
    (text) => expect(withPromptTokens(text)).toBeNull(),
  );
});

describe('members that a response schema requires', () => {
  const tool = { type: 'function', name: 'look', parameters: { type: 'object', properties: {} } };
  const context = contextOf({
    body: { tools: [tool, { type: 'web_search' }], frequency_penalty: 0.5 },
    request: { ...emptyRequest('m', true, 'openai-responses') },
  });
  const answer = openaiChat.readResponse({
    id: 'c',
    choices: [
      {
        message: {
          content: 'ok',
          tool_calls: [{ id: 'a', type: 'function', function: { name: 'look', arguments: '{}' } }],
        },
        finish_reason: 'tool_calls',
      },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  });

  it('fills in required members of a response with the API’s defaults', () => {
    const { body } = openaiResponses.writeResponse(answer, context);
    expect(body).toMatchObject({ presence_penalty: 0, frequency_penalty: 0.5 });
    expect(body.tools).toEqual([{ ...tool, description: null, strict: false }, { type: 'web_search' }]);
    expect(body).not.toHaveProperty('user');
    if (haveSpecs) expect(schemaFaults('openai', 'Response', body)).toEqual([]);
  });

  it('fills in required members of a message, whole and streamed', () => {
    const { body } = anthropicMessages.writeResponse(answer, context);
    expect(body).toMatchObject({
      container: null,
      stop_details: null,
      content: [{}, { caller: { type: 'direct' } }],
    });
    if (haveSpecs) expect(schemaFaults('anthropic', 'Message', body)).toEqual([]);
    const text = writeStream(anthropicMessages.eventWriter(context), [
      { type: 'tool-call-start', candidate: 0, part: 0, id: 'a', name: 'look' },
      { type: 'tool-call-end', candidate: 0, part: 0 },
      { type: 'candidate-end', candidate: 0, stop: { reason: 'tool-calls' } },
      { type: 'message-end' },
    ]);
    const events = [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json ?? 'null'));
    expect(events[0].message).toMatchObject({ container: null, stop_details: null });
    expect(events.find(({ type }) => type === 'content_block_start').content_block.caller).toEqual({
      type: 'direct',
    });
    const delta = events.find(({ type }) => type === 'message_delta');
    if (haveSpecs) expect(schemaFaults('anthropic', 'MessageDeltaEvent', delta)).toEqual([]);
    expect(delta.delta).toEqual({
      stop_reason: 'tool_use',
      stop_sequence: null,
      stop_details: null,
      container: null,
    });
  });
});
