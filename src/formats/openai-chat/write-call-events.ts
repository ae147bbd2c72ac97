// Tool calls of a streamed chat completion.

import { customInputOf, isCustomTool } from '../custom-tools.ts';
import type { NeutralEvent } from '../neutral.ts';
import { callIdWithState } from '../portable-state.ts';
import { type Choice, chunk, type OutputState, openChoice } from './chunks.ts';

type CallEvent = Extract<NeutralEvent, { type: 'tool-call-start' | 'tool-call-delta' | 'tool-call-end' }>;

/** Writes an event of a call, after the chunk that starts its choice. */
export function writeCall(state: OutputState, event: CallEvent): string {
  const { candidate, part } = event;
  const begin = openChoice(state, candidate);
  const { choice } = begin;
  if (event.type === 'tool-call-start') return begin.text + startCall(state, choice, event);
  const call = choice.callsByPart.get(part);
  if (call === undefined) return begin.text;
  if (event.type === 'tool-call-end') {
    const whole = call.buffered?.join('') ?? '';
    return whole === '' ? '' : growCall(state, candidate, call, customInputOf(whole));
  }
  if (call.buffered === null) return growCall(state, candidate, call, event.arguments);
  call.buffered.push(event.arguments);
  return '';
}

function startCall(
  state: OutputState,
  choice: Choice,
  event: Extract<CallEvent, { type: 'tool-call-start' }>,
): string {
  const { candidate, part, name, signature } = event;
  const unwrapped = !event.custom && isCustomTool(state.context.request, name);
  const custom = event.custom === true || unwrapped;
  const call = { index: choice.calls++, custom, buffered: unwrapped ? [] : null };
  choice.callsByPart.set(part, call);
  const id = callIdWithState(event.id, choice.carries.take(signature));
  const what = custom
    ? { type: 'custom', custom: { name, input: '' } }
    : { type: 'function', function: { name, arguments: '' } };
  return chunk(state, candidate, { tool_calls: [{ index: call.index, id, ...what }] });
}

function growCall(
  state: OutputState,
  candidate: number,
  { index, custom }: { index: number; custom: boolean },
  text: string,
): string {
  if (text === '') return '';
  const what = custom ? { custom: { input: text } } : { function: { arguments: text } };
  return chunk(state, candidate, { tool_calls: [{ index, ...what }] });
}
