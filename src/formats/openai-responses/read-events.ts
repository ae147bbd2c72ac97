// Reads the events of a streamed response, of any provider, as neutral events. Items are matched by output_index alone:
// ids change within one item at Azure and Copilot. Accepts any JSON.
// https://platform.openai.com/docs/api-reference/responses-streaming
import type { JsonObject } from '../../lib/json.ts';
import { isObject, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { NeutralError, NeutralEvent } from '../neutral.ts';
import { errorOf, readOpenaiError } from '../openai-error.ts';
import type { EventReader } from '../wire-format.ts';
import type { ItemStreams } from './content-state.ts';
import { ItemState } from './item-state.ts';
import { createdAt } from './read-response.ts';
import { readStop } from './stop-reason.ts';
import { readResponsesUsage } from './usage.ts';

interface State {
  started: boolean;
  failed: boolean;
  /** The event that ends the stream was seen. */
  ended: boolean;
  items: Map<number, ItemState>;
  streams: ItemStreams;
}

/** A reader of one stream. */
export function eventReader(): EventReader {
  const state: State = {
    started: false,
    failed: false,
    ended: false,
    items: new Map(),
    streams: { nextPart: 0, calls: false, refusal: false },
  };
  return {
    read: (event, eventName) => readEvent(state, event, textAt(event, 'type') ?? eventName ?? ''),
    end: () => endStream(state),
  };
}

function readEvent(state: State, event: JsonObject, type: string): NeutralEvent[] {
  if (state.failed || state.ended) return [];
  const events: NeutralEvent[] = [];
  switch (type) {
    case 'response.created':
    case 'response.queued':
    case 'response.in_progress':
      start(state, objectAt(event, 'response') ?? {}, events);
      break;
    case 'response.completed':
    case 'response.incomplete':
      finish(state, objectAt(event, 'response') ?? {}, events);
      break;
    case 'response.failed':
      finish(state, { ...objectAt(event, 'response'), status: 'failed' }, events);
      break;
    case 'error':
      fail(state, errorOf(isObject(event.error) ? event.error : { ...event, type: null }), events);
      break;
    default:
      readOther(state, event, type, events);
  }
  return events;
}

function start(state: State, response: JsonObject, events: NeutralEvent[]): void {
  if (state.started) return;
  state.started = true;
  events.push({
    type: 'message-start',
    id: textAt(response, 'id') ?? null,
    model: textAt(response, 'model') ?? null,
    createdAtSeconds: createdAt(response),
    usage: null,
  });
}

/** Events of items; and errors that have no type, as imitators write them. */
function readOther(state: State, event: JsonObject, type: string, events: NeutralEvent[]): void {
  const { output_index: index } = event;
  if (typeof index === 'number') itemAt(state, index, events).read(type, event, events);
  else if (type === '') {
    const error = readOpenaiError(event);
    if (error !== null) fail(state, error, events);
  }
}

function itemAt(state: State, index: number, events: NeutralEvent[]): ItemState {
  start(state, {}, events);
  const known = state.items.get(index);
  if (known !== undefined) return known;
  const item = new ItemState(state.streams);
  state.items.set(index, item);
  return item;
}

/** The whole response comes along: items that were not streamed (by some imitators) are read from it. */
function finish(state: State, response: JsonObject, events: NeutralEvent[]): void {
  start(state, response, events);
  const output = objectsAt(response, 'output');
  // Where as many items were streamed as there are, their numbers are the imitator's own.
  const isStreamed = state.items.size >= output.length;
  for (const [index, item] of output.entries())
    if (!isStreamed && !state.items.has(index))
      itemAt(state, index, events).read('response.output_item.done', { item }, events);
  closeItems(state, events);
  readUsage(response, events);
  const stop = readStop(response, state.streams);
  if (stop.reason === 'error') {
    fail(
      state,
      readOpenaiError(response) ?? { ...errorOf({}), message: 'The upstream broke its answer off.' },
      events,
    );
    return;
  }
  state.ended = true;
  events.push({ type: 'candidate-end', candidate: 0, stop });
}

function readUsage(response: JsonObject, events: NeutralEvent[]): void {
  const usage = readResponsesUsage(objectAt(response, 'usage'));
  if (usage !== null)
    events.push({ type: 'usage-set', usage, serviceTier: textAt(response, 'service_tier') ?? null });
}

/** Only the first error counts: `error` and `response.failed` report the same one. */
function fail(state: State, error: NeutralError, events: NeutralEvent[]): void {
  closeItems(state, events);
  state.failed = true;
  events.push({ type: 'error', error });
}

function closeItems({ items }: State, events: NeutralEvent[]): void {
  for (const item of items.values()) item.close(events);
}

function endStream(state: State): NeutralEvent[] {
  const events: NeutralEvent[] = [];
  closeItems(state, events);
  if (state.ended) events.push({ type: 'message-end' });
  return events;
}
