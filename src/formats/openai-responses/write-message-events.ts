// Text and refusals of a streamed response: contents of messages, and the events of both.
// https://platform.openai.com/docs/api-reference/responses-streaming/response/output_text
import type { JsonObject } from '../../lib/json.ts';
import type { Citation, NeutralEvent } from '../neutral.ts';
import { writeLogprobs } from '../openai-parts.ts';
import { writeCitation } from './citations.ts';
import { type ItemStatus, messageItem, refusalContent, textContent } from './items.ts';
import {
  addItem,
  emit,
  finishItem,
  type OpenContent,
  type OpenMessage,
  type OutputState,
  takePosition,
} from './output-state.ts';

type Of<Type extends NeutralEvent['type']> = Extract<NeutralEvent, { type: Type }>;

/** A content begins, in the open message or a new one. */
export function startContent(state: OutputState, part: number, refusal: boolean): string {
  const begin = state.message === null ? openMessage(state) : { message: state.message, text: '' };
  const { message } = begin;
  const content: OpenContent = {
    kind: 'content',
    refusal,
    message,
    contentIndex: message.content.length,
    text: [],
    annotations: [],
    logprobs: [],
    waiting: [],
  };
  message.content.push({});
  state.parts.set(part, content);
  if (refusal) state.refused = true;
  return (
    begin.text +
    emit(state, 'response.content_part.added', { ...positionOf(content), part: wholeContent(content) })
  );
}

function openMessage(state: OutputState): { message: OpenMessage; text: string } {
  const message = { ...takePosition(state, 'msg'), content: [] };
  state.message = message;
  return { message, text: addItem(state, message, messageItem(message.id, 'in_progress', [])) };
}

function positionOf({ message, contentIndex }: OpenContent): JsonObject {
  return { item_id: message.id, output_index: message.outputIndex, content_index: contentIndex };
}

function wholeContent({ refusal, text, annotations, logprobs }: OpenContent): JsonObject {
  return refusal ? refusalContent(text.join('')) : textContent(text.join(''), annotations, logprobs);
}

/** A piece of text, or of a refusal. */
export function growContent(state: OutputState, event: Of<'text-delta'> | Of<'refusal-delta'>): string {
  const content = contentAt(state, event.part);
  if (content === null) return '';
  content.text.push(event.text);
  const place = positionOf(content);
  if (event.type === 'refusal-delta')
    return emit(state, 'response.refusal.delta', { ...place, delta: event.text });
  const logprobs = writeLogprobs(event.logprobs ?? [], []);
  content.logprobs.push(...logprobs);
  return emit(state, 'response.output_text.delta', { ...place, delta: event.text, logprobs });
}

function contentAt({ parts }: OutputState, part: number): OpenContent | null {
  const open = parts.get(part);
  return open?.kind === 'content' ? open : null;
}

/**
 * Adds a citation of the text. One without offsets is about the whole text and waits for its end. One that comes after
 * the end is dropped.
 */
export function cite(state: OutputState, part: number, citation: Citation): string {
  const content = contentAt(state, part);
  if (content === null) state.dropped.add('citations');
  else if (citation.endIndex === undefined && citation.opaque?.origin !== 'openai-responses')
    content.waiting.push(citation);
  else return emitCitation(state, content, citation);
  return '';
}

function emitCitation(state: OutputState, content: OpenContent, citation: Citation): string {
  const length = content.text.reduce((sum, { length }) => sum + length, 0);
  const annotation = writeCitation(citation, length);
  if (annotation === null) {
    state.dropped.add('citations');
    return '';
  }
  const annotation_index = content.annotations.push(annotation) - 1;
  return emit(state, 'response.output_text.annotation.added', {
    ...positionOf(content),
    annotation_index,
    annotation,
  });
}

/** A content is whole; its message stays open for the next one. */
export function finishContent(state: OutputState, part: number): string {
  const content = contentAt(state, part);
  if (content === null) return '';
  state.parts.delete(part);
  const cited = content.waiting.map((citation) => emitCitation(state, content, citation)).join('');
  const whole = wholeContent(content);
  content.message.content[content.contentIndex] = whole;
  const place = positionOf(content);
  const done = content.refusal
    ? emit(state, 'response.refusal.done', { ...place, refusal: whole.refusal })
    : emit(state, 'response.output_text.done', { ...place, text: whole.text, logprobs: content.logprobs });
  return cited + done + emit(state, 'response.content_part.done', { ...place, part: whole });
}

/** The open message ends, if there is one: something else follows, or nothing. */
export function finishMessage(state: OutputState, status: ItemStatus): string {
  const { message } = state;
  if (message === null) return '';
  state.message = null;
  return finishItem(state, message, messageItem(message.id, status, message.content));
}
