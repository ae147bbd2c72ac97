// The state of a response while it is streamed, and the numbering of its events and items.
import type { JsonObject } from '../../lib/json.ts';
import { DroppedPaths } from '../dropped-paths.ts';
import type { Citation } from '../neutral.ts';
import type { Usage } from '../usage.ts';
import type { AnswerContext } from '../wire-format.ts';
import { type CallShape, type ItemPrefix, itemId } from './items.ts';

/** An item's index, and its id. */
export interface ItemPosition {
  outputIndex: number;
  id: string;
}

/** A message that further contents may still be added to. */
export interface OpenMessage extends ItemPosition {
  content: JsonObject[];
}

/** A text or refusal that grows. */
export interface OpenContent {
  kind: 'content';
  refusal: boolean;
  message: OpenMessage;
  contentIndex: number;
  text: string[];
  annotations: JsonObject[];
  logprobs: JsonObject[];
  /** Citations of the whole text, written once it is whole. */
  waiting: Citation[];
}

/** Reasoning that grows, paragraph by paragraph. */
export interface OpenReasoning extends ItemPosition {
  kind: 'reasoning';
  paragraphs: string[];
}

/** A call that grows. */
export interface OpenCall extends ItemPosition {
  kind: 'call';
  shape: CallShape;
  callId: string;
  arguments: string[];
}

export interface OutputState {
  context: AnswerContext;
  dropped: DroppedPaths;
  /** Of the next event. */
  sequenceNumber: number;
  createdAtSeconds: number;
  /** Finished items by output index. */
  output: JsonObject[];
  nextOutputIndex: number;
  message: OpenMessage | null;
  /** A call whose arguments have ended. The next event shows whether it is whole or was cut. */
  lastCall: OpenCall | null;
  /** By the neutral part's number. */
  parts: Map<number, OpenContent | OpenReasoning | OpenCall>;
  refused: boolean;
  usage: Usage | null;
  serviceTier: string | null;
}

/** A stream of which nothing is written. */
export function startOutput(context: AnswerContext): OutputState {
  return {
    context,
    dropped: new DroppedPaths(),
    sequenceNumber: 0,
    createdAtSeconds: context.nowSeconds,
    output: [],
    nextOutputIndex: 0,
    message: null,
    lastCall: null,
    parts: new Map(),
    refused: false,
    usage: null,
    serviceTier: null,
  };
}

/** One event on the wire. */
export function emit(state: OutputState, type: string, members: JsonObject): string {
  const data = JSON.stringify({ type, sequence_number: state.sequenceNumber++, ...members });
  return `event: ${type}\ndata: ${data}\n\n`;
}

/** Returns the position of a new item. */
export function takePosition(state: OutputState, prefix: ItemPrefix): ItemPosition {
  const outputIndex = state.nextOutputIndex++;
  return { outputIndex, id: itemId(prefix, state.context.answerId, outputIndex) };
}

/** An item begins. */
export function addItem(state: OutputState, { outputIndex }: ItemPosition, item: JsonObject): string {
  return emit(state, 'response.output_item.added', { output_index: outputIndex, item });
}

/** An item is whole. */
export function finishItem(state: OutputState, { outputIndex }: ItemPosition, item: JsonObject): string {
  state.output[outputIndex] = item;
  return emit(state, 'response.output_item.done', { output_index: outputIndex, item });
}
