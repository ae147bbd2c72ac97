// Neutral events to the events of a streamed response, in OpenAI's order and with its numbers.
// https://platform.openai.com/docs/api-reference/responses-streaming
import type { JsonObject } from '../../lib/json.ts';
import { blockText, explanationOf } from '../answer-end.ts';
import type { NeutralError, NeutralEvent, Stop } from '../neutral.ts';
import { openaiCodeOf } from '../openai-error.ts';
import { PartOrder } from '../part-order.ts';
import type { AnswerContext, EventWriter } from '../wire-format.ts';
import type { ItemStatus } from './items.ts';
import { emit, type OutputState, startOutput } from './output-state.ts';
import { responseObject } from './response-object.ts';
import { type Ending, failed, writeStop } from './stop-reason.ts';
import {
  endCall,
  finishCall,
  finishReasoning,
  growCall,
  growReasoning,
  startCall,
  startReasoning,
  writeWhole,
} from './write-item-events.ts';
import { cite, finishContent, finishMessage, growContent, startContent } from './write-message-events.ts';

interface State extends OutputState {
  order: PartOrder;
  begun: boolean;
  ended: boolean;
  stop: Stop;
  finished: JsonObject | null;
}

/** A writer of one stream. */
export function eventWriter(context: AnswerContext): EventWriter {
  const state: State = {
    ...startOutput(context),
    order: new PartOrder(),
    begun: false,
    ended: false,
    stop: { reason: 'unknown' },
    finished: null,
  };
  return {
    write: (event) => writeOrdered(state, event),
    end: () => (state.ended ? finish(state) : ''),
    get dropped() {
      return state.dropped.list;
    },
    get nextSequenceNumber() {
      return state.sequenceNumber;
    },
    get finished() {
      return state.finished;
    },
  };
}

/** Items may not overlap: the official SDK expects the content of an item to end before the item does. */
function writeOrdered(state: State, event: NeutralEvent): string {
  if ('candidate' in event && event.candidate > 0) return writeEvent(state, event);
  let text = '';
  for (const ordered of state.order.push(event)) text += writeEvent(state, ordered);
  return text;
}

function writeEvent(state: State, event: NeutralEvent): string {
  if ('candidate' in event && event.candidate > 0) {
    // One answer is all that there is room for.
    state.dropped.add(`candidates[${event.candidate}]`);
    return '';
  }
  switch (event.type) {
    case 'message-start':
      state.createdAtSeconds = event.createdAtSeconds ?? state.createdAtSeconds;
      return begin(state);
    case 'usage-set':
      state.usage = event.usage;
      state.serviceTier = event.serviceTier ?? state.serviceTier;
      return '';
    case 'candidate-end':
      state.stop = event.stop;
      return '';
    case 'prompt-block':
      return refusePrompt(state, blockText(event));
    case 'error':
      return writeError(state, event.error);
    case 'message-end':
      state.ended = true;
      return '';
    default:
      return begin(state) + writePart(state, event);
  }
}

type PartEvent = Exclude<
  NeutralEvent,
  { type: 'message-start' | 'usage-set' | 'candidate-end' | 'prompt-block' | 'error' | 'message-end' }
>;

function writePart(state: State, event: PartEvent): string {
  switch (event.type) {
    case 'text-start':
      return finishCall(state, 'completed') + startContent(state, event.part, false);
    case 'refusal-start':
      return finishCall(state, 'completed') + startContent(state, event.part, true);
    case 'text-delta':
    case 'refusal-delta':
      return growContent(state, event);
    case 'citation-add':
      return cite(state, event.part, event.citation);
    case 'text-end':
    case 'refusal-end':
      return finishContent(state, event.part);
    case 'reasoning-delta':
      return growReasoning(state, event);
    case 'reasoning-end':
      return finishReasoning(state, event);
    case 'tool-call-delta':
      return growCall(state, event);
    case 'tool-call-end':
      return endCall(state, event.part);
    case 'audio-delta':
      // A response has no member for sound.
      state.dropped.add('audio');
      return '';
    case 'reasoning-start':
    case 'tool-call-start':
    case 'part-add':
      return finishOpen(state, 'completed') + startItem(state, event);
  }
}

/** Ends the last call or message. */
function finishOpen(state: State, status: ItemStatus): string {
  return finishCall(state, status) + finishMessage(state, status);
}

function startItem(
  state: State,
  event: Extract<PartEvent, { type: 'reasoning-start' | 'tool-call-start' | 'part-add' }>,
): string {
  if (event.type === 'reasoning-start') return startReasoning(state, event);
  return event.type === 'tool-call-start' ? startCall(state, event) : writeWhole(state, event);
}

/** Twice the same response in progress, as OpenAI does. */
function begin(state: State): string {
  if (state.begun) return '';
  state.begun = true;
  const response = responseOf(state, null);
  return emit(state, 'response.created', { response }) + emit(state, 'response.in_progress', { response });
}

function responseOf(state: State, ending: Ending | null): ReturnType<typeof responseObject> {
  return responseObject(state.context, { ...state, ending });
}

/** A refused prompt is an answer that a filter stopped at once. */
function refusePrompt(state: State, text: string): string {
  state.stop = { reason: 'content-filter' };
  return begin(state) + refuse(state, text);
}

/** A refusal that comes whole. */
function refuse(state: State, text: string): string {
  const part = -1;
  return (
    startContent(state, part, true) +
    growContent(state, { type: 'refusal-delta', candidate: 0, part, text }) +
    finishContent(state, part)
  );
}

function finish(state: State): string {
  const begun = begin(state);
  const ending = writeStop(state.stop, { refusal: state.refused });
  const explanation = explanationOf(state.stop, state.refused);
  const status = ending.status === 'completed' ? 'completed' : 'incomplete';
  const call = finishCall(state, status);
  const refusal = explanation === undefined ? '' : refuse(state, explanation);
  const message = finishMessage(state, status);
  const response = responseOf(state, ending);
  state.finished = response;
  return begun + call + refusal + message + emit(state, `response.${ending.status}`, { response });
}

/**
 * The error's own `type` is left out: the event's type is in that member. OpenAI's SDKs raise at `error`; Codex reads
 * `response.failed` only (codex-rs, 2026-11), so a full context is reported by both.
 */
function writeError(state: State, error: NeutralError): string {
  const { type, message, param, kind } = error;
  const code = openaiCodeOf(error) ?? type;
  const open = finishOpen(state, 'incomplete');
  if (kind !== 'context-overflow') return open + emit(state, 'error', { code, message, param });
  const begun = begin(state);
  const errorEvent = emit(state, 'error', { code, message, param });
  const response = responseOf(state, failed('context_length_exceeded', message));
  return open + begun + errorEvent + emit(state, 'response.failed', { response });
}
