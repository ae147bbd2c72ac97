// Servers written in Go send every member of a call with its zero value. The relay reads only members with another
// value.
import { describe, expect, it } from 'vitest';
import { errorName } from '../../../src/formats/json-reader.ts';
import { openaiChat } from '../../../src/formats/openai-chat/index.ts';
import { collectEvents } from '../../support/collect-events.ts';

const zeroCustom = { input: '', name: '' };
const zeroFunction = { arguments: '', name: '' };

function partsOf(message: object, finish_reason = 'stop') {
  const body = {
    id: 'c1',
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason }],
  };
  return openaiChat.readResponse(body).candidates[0];
}

/** Returns the parts of a stream of these deltas. */
function streamed(deltas: object[], finish_reason = 'stop') {
  const reader = openaiChat.eventReader();
  const chunk = (delta: object, reason: string | null) => ({
    id: 'c1',
    choices: [{ index: 0, delta, finish_reason: reason }],
  });
  const events = [...deltas.map((delta) => chunk(delta, null)), chunk({}, finish_reason)].flatMap((value) =>
    reader.read(value, undefined),
  );
  return collectEvents([...events, ...reader.end()]).candidates[0];
}

const weather = { arguments: '{"city":"Mexico City"}', name: 'get_weather' };
const expected = { type: 'tool-call', id: 'a', name: 'get_weather', arguments: weather.arguments };

describe.each([
  ['whole', (message: object) => partsOf(message)],
  ['streamed', (message: object) => streamed([message])],
])('a zero-valued member of a %s answer', (_how, read) => {
  it.each([
    ['with the type function', { type: 'function', custom: zeroCustom, function: weather }],
    ['without a type', { type: '', custom: zeroCustom, function: weather }],
  ])('does not hide the function that is called: %s', (_what, call) => {
    const answer = read({ content: '', tool_calls: [{ index: 0, id: 'a', ...call }] });
    expect(answer?.parts).toEqual([expected]);
    expect(answer?.stop.reason).toBe('tool-calls');
  });

  it('does not hide the custom tool that is called', () => {
    const call = {
      index: 0,
      id: 'a',
      type: 'custom',
      custom: { input: 'go', name: 'run' },
      function: zeroFunction,
    };
    expect(read({ tool_calls: [call] })?.parts).toEqual([
      { type: 'tool-call', id: 'a', name: 'run', arguments: 'go', custom: true },
    ]);
  });

  it.each([
    ['function_call', { function_call: zeroFunction, tool_calls: null }],
    [
      'element of tool_calls',
      { tool_calls: [{ id: '', type: '', custom: zeroCustom, function: zeroFunction }] },
    ],
    ['audio', { audio: { id: '', data: '', expires_at: 0, transcript: '' } }],
    ['refusal', { refusal: '' }],
  ])('creates no part for an empty %s', (_what, zero) => {
    const answer = read({ content: '4', ...zero });
    expect(answer?.parts).toEqual([{ type: 'text', text: '4' }]);
    expect(answer?.stop.reason).toBe('stop');
  });
});

describe('an error object in an answer', () => {
  const zero = { code: '', message: '', type: '', status: 0, param: null };
  const body = {
    id: 'c',
    choices: [{ index: 0, message: { content: '4' }, finish_reason: 'stop', error: zero }],
    error: zero,
  };

  it('is no error if all its values are zero', () => {
    expect(openaiChat.readResponse(body)).toMatchObject({
      error: null,
      candidates: [{ stop: { reason: 'stop' } }],
    });
    expect(errorName(body)).toBeUndefined();
  });

  it('is an error if one member is not zero', () => {
    const failed = { ...body, error: { ...zero, code: 'overloaded' } };
    expect(openaiChat.readResponse(failed).error?.code).toBe('overloaded');
    expect(errorName(failed)).toBe('overloaded');
    expect(errorName({ error: {} })).toBe('error');
  });
});

describe('a streamed call whose deltas have zero values', () => {
  it('grows by the deltas that are not zero', () => {
    const delta = (index: number, custom: object, called: object, id = '') => ({
      content: '',
      function_call: zeroFunction,
      tool_calls: [{ index, id, type: id === '' ? '' : 'function', custom, function: called }],
    });
    const answer = streamed([
      delta(0, zeroCustom, { name: 'get_weather', arguments: '' }, 'a'),
      delta(0, zeroCustom, { name: '', arguments: '{"city":' }),
      delta(0, zeroCustom, { name: '', arguments: '"Mexico City"}' }),
    ]);
    expect(answer?.parts).toEqual([expected]);
  });
});
