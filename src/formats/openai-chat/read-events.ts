// Reads the chunks of a streamed chat completion, of any provider, as neutral events. Accepts any JSON.
// https://platform.openai.com/docs/api-reference/chat-streaming
import type { JsonObject } from '../../lib/json.ts';
import { objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { NeutralEvent } from '../neutral.ts';
import { errorOf, readOpenaiError } from '../openai-error.ts';
import type { EventReader } from '../wire-format.ts';
import { ChoiceState } from './choice-state.ts';
import { readAnnotations, readSearchResults } from './citations.ts';
import { readChatTier, readChatUsage } from './usage.ts';

interface State {
  started: boolean;
  failed: boolean;
  /** By the choice's index, in order of appearance. */
  choices: Map<number, ChoiceState>;
  answerId: string;
  /** Perplexity's results, repeated in every chunk and emitted once, at the end. */
  found: JsonObject | null;
}

/** A reader of one stream. The order of what happens at its end does not depend on how the provider orders it. */
export function eventReader(): EventReader {
  const state: State = { started: false, failed: false, choices: new Map(), answerId: '', found: null };
  return {
    read: (chunk, eventName) => readChunk(state, chunk, eventName),
    end: (isWhole = false) => endStream(state, isWhole),
  };
}

function readChunk(state: State, chunk: JsonObject, eventName: string | undefined): NeutralEvent[] {
  if (state.failed) return [];
  const events: NeutralEvent[] = [];
  const choices = objectsAt(chunk, 'choices');
  readStart(state, chunk, choices, events);
  if (chunk.search_results !== undefined || chunk.citations !== undefined) state.found = chunk;
  for (const choice of choices) readChoice(state, choice, chunk, events);
  readUsage(chunk, choices, events);
  const error = readOpenaiError(chunk) ?? choiceError(choices) ?? bareError(chunk, eventName);
  if (error !== null) {
    state.failed = true;
    for (const choice of state.choices.values()) choice.closeParts(events);
    events.push({ type: 'error', error });
  }
  return events;
}

function choiceError(choices: JsonObject[]): ReturnType<typeof errorOf> | null {
  return choices.map(readOpenaiError).find((error) => error !== null) ?? null;
}

/** `event: error` whose data is the error itself. */
function bareError(chunk: JsonObject, eventName: string | undefined): ReturnType<typeof errorOf> | null {
  return eventName === 'error' && chunk.choices === undefined ? errorOf(chunk) : null;
}

/** Azure's, Copilot's and others' first chunk has neither id nor choices: the answer begins with the next one. */
function readStart(state: State, chunk: JsonObject, choices: JsonObject[], events: NeutralEvent[]): void {
  if (state.started || choices.length === 0) return;
  state.started = true;
  state.answerId = textAt(chunk, 'id') ?? '';
  events.push({
    type: 'message-start',
    id: textAt(chunk, 'id') ?? null,
    model: textAt(chunk, 'model') ?? null,
    createdAtSeconds: typeof chunk.created === 'number' && chunk.created > 0 ? chunk.created : null,
    usage: null,
  });
}

function readChoice(state: State, choice: JsonObject, chunk: JsonObject, events: NeutralEvent[]): void {
  const index = typeof choice.index === 'number' ? choice.index : 0;
  let choiceState = state.choices.get(index);
  if (choiceState === undefined) {
    choiceState = new ChoiceState(index, state.answerId);
    state.choices.set(index, choiceState);
  }
  // Perplexity repeats the whole `message` beside each `delta`; a stream of nothing but a message is one too.
  const delta = objectAt(choice, 'delta');
  const message =
    choiceState.empty && textAt(chunk, 'object') !== 'chat.completion.done'
      ? objectAt(choice, 'message')
      : undefined;
  const content = delta ?? message;
  if (content !== undefined) {
    choiceState.readDelta(content, choice, events);
    choiceState.addCitations(readAnnotations(content), events);
  }
  choiceState.finish(choice);
}

/** Groq has it beside OpenAI's member, Moonshot in the last choice. It is cumulative wherever it repeats. */
function readUsage(chunk: JsonObject, choices: JsonObject[], events: NeutralEvent[]): void {
  const usage =
    readChatUsage(objectAt(chunk, 'usage')) ??
    readChatUsage(objectAt(objectAt(chunk, 'x_groq'), 'usage')) ??
    readChatUsage(objectAt(choices.at(-1), 'usage'));
  if (usage !== null) events.push({ type: 'usage-set', usage, serviceTier: readChatTier(chunk) });
}

/** Whole is a stream with `[DONE]`, which not everybody sends, or in which every choice gave its reason to end. */
function endStream(state: State, isWhole: boolean): NeutralEvent[] {
  const events: NeutralEvent[] = [];
  const choices = [...state.choices.values()];
  const found = state.found === null ? [] : readSearchResults(state.found);
  for (const choice of choices) {
    choice.addCitations(found, events);
    choice.closeParts(events);
  }
  if (state.failed || choices.length === 0) return events;
  if (!isWhole && !choices.every(({ finished }) => finished)) return events;
  for (const choice of choices) events.push(choice.ending());
  events.push({ type: 'message-end' });
  return events;
}
