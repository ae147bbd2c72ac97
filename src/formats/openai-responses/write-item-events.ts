// Reasoning, calls and whole items of a streamed response.
// https://platform.openai.com/docs/api-reference/responses-streaming/response/function_call_arguments
import type { JsonObject } from '../../lib/json.ts';
import type { NeutralEvent } from '../neutral.ts';
import {
  callItem,
  callPrefix,
  callShape,
  callText,
  clientCallId,
  type ItemPrefix,
  type ItemStatus,
  imageItem,
  reasoningItem,
  searchItem,
} from './items.ts';
import {
  addItem,
  emit,
  finishItem,
  type OpenCall,
  type OpenReasoning,
  type OutputState,
  takePosition,
} from './output-state.ts';

type Of<Type extends NeutralEvent['type']> = Extract<NeutralEvent, { type: Type }>;

// ---- Reasoning ------------------------------------------------------------------------------------------

export function startReasoning(state: OutputState, { part }: Of<'reasoning-start'>): string {
  const reasoning: OpenReasoning = { kind: 'reasoning', ...takePosition(state, 'rs'), paragraphs: [] };
  state.parts.set(part, reasoning);
  return addItem(state, reasoning, reasoningItem(reasoning.id, [], undefined));
}

/** A piece of a summary's paragraph; a new paragraph ends the one before. */
export function growReasoning(state: OutputState, { part, paragraph, text }: Of<'reasoning-delta'>): string {
  const reasoning = state.parts.get(part);
  if (reasoning?.kind !== 'reasoning' || text === '') return '';
  let written = '';
  while (reasoning.paragraphs.length <= paragraph) {
    written += finishParagraph(state, reasoning);
    reasoning.paragraphs.push('');
    const place = paragraphPosition(reasoning);
    written += emit(state, 'response.reasoning_summary_part.added', {
      ...place,
      part: { type: 'summary_text', text: '' },
    });
  }
  reasoning.paragraphs[paragraph] += text;
  return (
    written +
    emit(state, 'response.reasoning_summary_text.delta', { ...paragraphPosition(reasoning), delta: text })
  );
}

function paragraphPosition({ id, outputIndex, paragraphs }: OpenReasoning): JsonObject {
  return { item_id: id, output_index: outputIndex, summary_index: paragraphs.length - 1 };
}

function finishParagraph(state: OutputState, reasoning: OpenReasoning): string {
  const text = reasoning.paragraphs.at(-1);
  if (text === undefined) return '';
  const place = paragraphPosition(reasoning);
  return (
    emit(state, 'response.reasoning_summary_text.done', { ...place, text }) +
    emit(state, 'response.reasoning_summary_part.done', { ...place, part: { type: 'summary_text', text } })
  );
}

export function finishReasoning(state: OutputState, { part, signature }: Of<'reasoning-end'>): string {
  const reasoning = state.parts.get(part);
  if (reasoning?.kind !== 'reasoning') return '';
  state.parts.delete(part);
  const item = reasoningItem(reasoning.id, reasoning.paragraphs, signature);
  return finishParagraph(state, reasoning) + finishItem(state, reasoning, item);
}

// ---- Calls ----------------------------------------------------------------------------------------------

export function startCall(state: OutputState, event: Of<'tool-call-start'>): string {
  const shape = callShape(state.context.request, event);
  const place = takePosition(state, callPrefix(shape));
  const call: OpenCall = {
    kind: 'call',
    ...place,
    shape,
    callId: clientCallId(event),
    arguments: [],
  };
  state.parts.set(event.part, call);
  return addItem(state, call, itemOf(call, 'in_progress', ''));
}

function itemOf(call: OpenCall, status: ItemStatus, text: string): JsonObject {
  return callItem(call.id, status, call, text);
}

/** Writes a piece of the arguments. Those of a function that replaces a custom tool are written once they are whole. */
export function growCall(state: OutputState, event: Of<'tool-call-delta'>): string {
  const call = state.parts.get(event.part);
  if (call?.kind !== 'call') return '';
  call.arguments.push(event.arguments);
  return isReportedWhole(call) || event.arguments === '' ? '' : emitDelta(state, call, event.arguments);
}

/** The input of a custom tool is known when the function's arguments are whole; a search has no deltas at all. */
function isReportedWhole({ shape }: OpenCall): boolean {
  return shape.unwrapped || shape.isSearch;
}

function emitDelta(state: OutputState, { id, outputIndex, shape }: OpenCall, delta: string): string {
  const type = shape.custom
    ? 'response.custom_tool_call_input.delta'
    : 'response.function_call_arguments.delta';
  return emit(state, type, { item_id: id, output_index: outputIndex, delta });
}

/** The arguments have ended. The item ends when it is known whether the answer was cut in it. */
export function endCall(state: OutputState, part: number): string {
  const call = state.parts.get(part);
  if (call?.kind !== 'call') return '';
  state.parts.delete(part);
  state.lastCall = call;
  return '';
}

/** The call whose arguments ended last, if there is one: something else follows, or nothing. */
export function finishCall(state: OutputState, status: ItemStatus): string {
  const call = state.lastCall;
  if (call === null) return '';
  state.lastCall = null;
  const text = callText(call.shape, call.arguments.join(''));
  if (call.shape.isSearch) return finishItem(state, call, itemOf(call, status, text));
  const isUnsent = call.shape.unwrapped || call.arguments.join('') === '';
  const place = { item_id: call.id, output_index: call.outputIndex };
  // Events are numbered as they are made: in this order.
  const delta = isUnsent && text !== '' ? emitDelta(state, call, text) : '';
  const done = call.shape.custom
    ? emit(state, 'response.custom_tool_call_input.done', { ...place, input: text })
    : emit(state, 'response.function_call_arguments.done', {
        ...place,
        name: call.shape.name,
        arguments: text,
      });
  return delta + done + finishItem(state, call, itemOf(call, status, text));
}

// ---- What comes whole -----------------------------------------------------------------------------------

export function writeWhole(state: OutputState, { content }: Of<'part-add'>): string {
  switch (content.type) {
    case 'media': {
      const item = imageItem('', content);
      return item === null
        ? drop(state, content.kind)
        : writeSteps(state, 'ig', item, ['in_progress', 'generating', 'completed']);
    }
    case 'web-search':
      return writeSteps(state, 'ws', searchItem('', content), ['in_progress', 'searching', 'completed']);
    case 'opaque': {
      if (content.origin !== 'openai-responses') return drop(state, 'opaque');
      const place = takePosition(state, 'msg');
      return addItem(state, place, content.wire) + finishItem(state, place, content.wire);
    }
  }
}

function drop(state: OutputState, name: string): string {
  state.dropped.add(name);
  return '';
}

/** Writes the steps of a call that the provider ran itself, although they are over. */
function writeSteps(
  state: OutputState,
  prefix: ItemPrefix,
  whole: JsonObject,
  steps: readonly string[],
): string {
  const place = takePosition(state, prefix);
  const item: JsonObject = { ...whole, id: whole.id || place.id };
  const begun = { id: item.id, type: item.type, status: 'in_progress' };
  const added = addItem(state, place, begun);
  const events = steps.map((step) =>
    emit(state, `response.${String(item.type)}.${step}`, {
      output_index: place.outputIndex,
      item_id: item.id,
    }),
  );
  return added + events.join('') + finishItem(state, place, item);
}
