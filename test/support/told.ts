// What a recorded answer says, taken from its raw JSON as plainly as can be and independently of the readers in
// src: text, calls, thoughts, how it ended, an error. One extraction for each of the four formats.
import type { StopReason } from '../../src/formats/neutral.ts';
import { type Fixture, kindOf } from './fixtures.ts';
import { generateTold, messagesTold } from './told-elsewhere.ts';

/** One candidate of an answer; several pieces of text are joined. */
export interface Told {
  text: string;
  refusal: string;
  reasoning: string;
  /** Arguments as parsed JSON where they are JSON, else as text. */
  calls: { name: string; arguments: unknown }[];
  /** Null: the recording does not say (it was cut, or failed). */
  stop: StopReason | null;
}

export interface ToldAnswer {
  candidates: Told[];
  /** The message of an error inside the answer. */
  error: string | null;
}

// biome-ignore lint/suspicious/noExplicitAny: recordings of a hundred servers, read member by member
type Json = any;

/** Null for recordings of other kinds than the four. */
export function toldBy(fixture: Fixture): ToldAnswer | null {
  const text = new TextDecoder().decode(fixture.bytes);
  const values =
    fixture.meta.stream && fixture.meta.response_file.endsWith('.sse') ? dataOf(text) : [JSON.parse(text)];
  switch (kindOf(fixture)) {
    case 'openai-chat':
      return chatTold(values, /^data: ?\[DONE\]/m.test(text));
    case 'openai-responses':
      return responsesTold(values);
    case 'anthropic-messages':
      return messagesTold(values);
    case 'gemini-generate':
      return generateTold(values.flat(), fixture.meta.stream);
    default:
      return null;
  }
}

/** The JSON of all `data:` lines. No recording has an event of several such lines. */
function dataOf(text: string): Json[] {
  return text
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trim())
    .filter((data) => data !== '' && data !== '[DONE]')
    .map((data) => JSON.parse(data));
}

function empty(): Told {
  return { text: '', refusal: '', reasoning: '', calls: [], stop: null };
}

/** Arguments as a model's caller would use them. */
export function parsedArguments(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    return text;
  }
}

// ---- Chat completions -----------------------------------------------------------------------------------

const chatStops: Record<string, StopReason> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
  eos: 'stop',
};

/** `isWhole`: the terminator came, after which a missing reason is no sign of a cut. */
function chatTold(values: Json[], isWhole: boolean): ToldAnswer {
  const candidates = new Map<number, Told & { raw: Map<unknown, { name: string; text: string }> }>();
  let error: string | null = null;
  for (const value of values) {
    if (value.error) error = typeof value.error === 'string' ? value.error : value.error.message;
    for (const choice of value.choices ?? []) {
      const told = candidates.get(choice.index ?? 0) ?? { ...empty(), raw: new Map() };
      candidates.set(choice.index ?? 0, told);
      // Perplexity has both: the delta is what is new, of a whole answer the message.
      const said = values.length > 1 ? (choice.delta ?? choice.message) : (choice.message ?? choice.delta);
      addChatMessage(told, said ?? {});
      if (choice.finish_reason) told.stop = chatStops[choice.finish_reason] ?? 'unknown';
    }
  }
  const finished = [...candidates.values()].map(({ raw, ...told }) => {
    const calls = [...raw.values()].map(({ name, text }) => ({ name, arguments: parsedArguments(text) }));
    if (isWhole && error === null) told.stop ??= 'stop';
    // Documented: who made calls ended for their sake, and who refused ended by that.
    const stop =
      told.stop !== 'stop' ? told.stop : calls.length > 0 ? 'tool-calls' : told.refusal ? 'refusal' : 'stop';
    return { ...told, calls, stop } satisfies Told;
  });
  return { candidates: finished, error };
}

function addChatMessage(
  told: Told & { raw: Map<unknown, { name: string; text: string }> },
  message: Json,
): void {
  told.reasoning += message.reasoning_content || message.reasoning || '';
  if (Array.isArray(message.content)) {
    for (const part of message.content) {
      if (part.type === 'thinking') told.reasoning += part.thinking.map((piece: Json) => piece.text).join('');
      else told.text += part.text ?? '';
    }
  } else told.text += message.content ?? '';
  told.refusal += message.refusal ?? '';
  const legacy = message.function_call ? [{ index: 0, function: message.function_call }] : [];
  const unnumbered = (message.tool_calls ?? []).some((call: Json) => call.index === undefined);
  for (const [at, call] of [...(message.tool_calls ?? []), ...legacy].entries()) {
    const key = unnumbered ? `unary ${at}` : call.index;
    const known = told.raw.get(key) ?? { name: '', text: '' };
    const called = call.custom ?? call.function ?? {};
    told.raw.set(key, {
      name: known.name || called.name || '',
      text: known.text + (called.arguments ?? called.input ?? ''),
    });
  }
}

// ---- Responses ------------------------------------------------------------------------------------------

function responsesTold(values: Json[]): ToldAnswer {
  // A stream's last event repeats the whole answer; where it lacks, the items that were finished are there.
  const last = values.at(-1);
  const response = last.response ?? (last.type === undefined ? last : {});
  const done = values.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item);
  const output: Json[] = response.output?.length > 0 ? response.output : done;
  const told = empty();
  for (const item of output) addItem(told, item);
  const unfinished =
    values.some(({ type }) => type?.startsWith('response.')) && !/completed|incomplete/.test(last.type);
  if (unfinished) addDeltas(told, values);
  const failure = values.find(({ type }) => type === 'error');
  const error = response.error?.message ?? failure?.error?.message ?? failure?.message ?? null;
  told.stop = unfinished ? null : responsesStop(response, told);
  const nothing = unfinished && JSON.stringify(told) === JSON.stringify(empty());
  return { candidates: nothing ? [] : [told], error };
}

function addItem(told: Told, item: Json): void {
  if (item.type === 'message') {
    for (const part of item.content ?? []) {
      told.text += part.type === 'output_text' ? part.text : '';
      told.refusal += part.refusal ?? '';
    }
  }
  if (item.type === 'reasoning') {
    const pieces = item.summary?.length > 0 ? item.summary : (item.content ?? []);
    told.reasoning += pieces.map(({ text }: Json) => text).join('');
  }
  if (item.type === 'function_call')
    told.calls.push({ name: item.name, arguments: parsedArguments(item.arguments) });
  if (item.type === 'custom_tool_call') told.calls.push({ name: item.name, arguments: item.input });
}

/** Of a stream that breaks off: what was said of items that were not finished. */
function addDeltas(told: Told, values: Json[]): void {
  const finished = new Set(
    values.filter(({ type }) => type === 'response.output_item.done').map((one) => one.output_index),
  );
  for (const value of values) {
    if (finished.has(value.output_index)) continue;
    if (value.type === 'response.output_text.delta') told.text += value.delta;
    if (value.type === 'response.reasoning_summary_text.delta') told.reasoning += value.delta;
  }
}

function responsesStop(response: Json, told: Told): StopReason {
  if (response.status === 'failed') return 'error';
  if (response.status === 'incomplete')
    return response.incomplete_details?.reason === 'max_output_tokens' ? 'length' : 'content-filter';
  // Queued: it runs in the background.
  if (!/^complete/.test(response.status)) return 'unknown';
  return told.calls.length > 0 ? 'tool-calls' : told.refusal ? 'refusal' : 'stop';
}
