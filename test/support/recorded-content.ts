// The content of a recorded response, extracted plainly from its raw JSON, without the readers in src: text,
// calls, reasoning, finish reason, error. Each of the four formats has its own extraction.
import type { StopReason } from '../../src/formats/neutral.ts';
import { type Fixture, kindOf } from './fixtures.ts';
import { geminiContent, messagesContent } from './recorded-content-other-formats.ts';

/** One candidate of a response; several pieces of text are joined. */
export interface CandidateContent {
  text: string;
  refusal: string;
  reasoning: string;
  /** Arguments as parsed JSON, or as text if they are not JSON. */
  calls: { name: string; arguments: unknown }[];
  /** The finish reason; null if the recording has none, since it was truncated or failed. */
  stop: StopReason | null;
}

export interface RecordedContent {
  candidates: CandidateContent[];
  /** The message of an error inside the response. */
  error: string | null;
}

// biome-ignore lint/suspicious/noExplicitAny: recordings of a hundred servers, read member by member
type Json = any;

/** Returns the content of a recording, or null for another kind than the four. */
export function contentOf(fixture: Fixture): RecordedContent | null {
  const text = new TextDecoder().decode(fixture.bytes);
  const values =
    fixture.meta.stream && fixture.meta.response_file.endsWith('.sse') ? dataOf(text) : [JSON.parse(text)];
  switch (kindOf(fixture)) {
    case 'openai-chat':
      return chatContent(values, /^data: ?\[DONE\]/m.test(text));
    case 'openai-responses':
      return responsesContent(values);
    case 'anthropic-messages':
      return messagesContent(values);
    case 'gemini-generate':
      return geminiContent(values.flat(), fixture.meta.stream);
    default:
      return null;
  }
}

/** Parses all `data:` lines. No recording has an event of several such lines. */
function dataOf(text: string): Json[] {
  return text
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trim())
    .filter((data) => data !== '' && data !== '[DONE]')
    .map((data) => JSON.parse(data));
}

function empty(): CandidateContent {
  return { text: '', refusal: '', reasoning: '', calls: [], stop: null };
}

/** Parses arguments as a client does. */
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

/**
 * Extracts chat completions. `isWhole` means that the terminator arrived, so a missing finish reason is no
 * truncation.
 */
function chatContent(values: Json[], isWhole: boolean): RecordedContent {
  const candidates = new Map<
    number,
    CandidateContent & { raw: Map<unknown, { name: string; text: string }> }
  >();
  let error: string | null = null;
  for (const value of values) {
    if (value.error) error = typeof value.error === 'string' ? value.error : value.error.message;
    for (const choice of value.choices ?? []) {
      const content = candidates.get(choice.index ?? 0) ?? { ...empty(), raw: new Map() };
      candidates.set(choice.index ?? 0, content);
      // Perplexity sends both: in a stream the delta has the new text, in a whole response the message.
      const delta = values.length > 1 ? (choice.delta ?? choice.message) : (choice.message ?? choice.delta);
      addChatMessage(content, delta ?? {});
      if (choice.finish_reason) content.stop = chatStops[choice.finish_reason] ?? 'unknown';
    }
  }
  const finished = [...candidates.values()].map(({ raw, ...content }) => {
    const calls = [...raw.values()].map(({ name, text }) => ({ name, arguments: parsedArguments(text) }));
    if (isWhole && error === null) content.stop ??= 'stop';
    // Documented: a response with calls ends with tool calls, and one with a refusal as a refusal.
    const stop =
      content.stop !== 'stop'
        ? content.stop
        : calls.length > 0
          ? 'tool-calls'
          : content.refusal
            ? 'refusal'
            : 'stop';
    return { ...content, calls, stop } satisfies CandidateContent;
  });
  return { candidates: finished, error };
}

function addChatMessage(
  content: CandidateContent & { raw: Map<unknown, { name: string; text: string }> },
  message: Json,
): void {
  content.reasoning += message.reasoning_content || message.reasoning || '';
  if (Array.isArray(message.content)) {
    for (const part of message.content) {
      if (part.type === 'thinking')
        content.reasoning += part.thinking.map((piece: Json) => piece.text).join('');
      else content.text += part.text ?? '';
    }
  } else content.text += message.content ?? '';
  content.refusal += message.refusal ?? '';
  const legacy = message.function_call ? [{ index: 0, function: message.function_call }] : [];
  const unnumbered = (message.tool_calls ?? []).some((call: Json) => call.index === undefined);
  for (const [at, call] of [...(message.tool_calls ?? []), ...legacy].entries()) {
    const key = unnumbered ? `unary ${at}` : call.index;
    const known = content.raw.get(key) ?? { name: '', text: '' };
    const called = call.custom ?? call.function ?? {};
    content.raw.set(key, {
      name: known.name || called.name || '',
      text: known.text + (called.arguments ?? called.input ?? ''),
    });
  }
}

// ---- Responses ------------------------------------------------------------------------------------------

function responsesContent(values: Json[]): RecordedContent {
  // The last event of a stream repeats the whole response; if it has no items, the finished items are used.
  const last = values.at(-1);
  const response = last.response ?? (last.type === undefined ? last : {});
  const done = values.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item);
  const output: Json[] = response.output?.length > 0 ? response.output : done;
  const content = empty();
  for (const item of output) addItem(content, item);
  const unfinished =
    values.some(({ type }) => type?.startsWith('response.')) && !/completed|incomplete/.test(last.type);
  if (unfinished) addDeltas(content, values);
  const failure = values.find(({ type }) => type === 'error');
  const error = response.error?.message ?? failure?.error?.message ?? failure?.message ?? null;
  content.stop = unfinished ? null : responsesStop(response, content);
  const nothing = unfinished && JSON.stringify(content) === JSON.stringify(empty());
  return { candidates: nothing ? [] : [content], error };
}

function addItem(content: CandidateContent, item: Json): void {
  if (item.type === 'message') {
    for (const part of item.content ?? []) {
      content.text += part.type === 'output_text' ? part.text : '';
      content.refusal += part.refusal ?? '';
    }
  }
  if (item.type === 'reasoning') {
    const pieces = item.summary?.length > 0 ? item.summary : (item.content ?? []);
    content.reasoning += pieces.map(({ text }: Json) => text).join('');
  }
  if (item.type === 'function_call')
    content.calls.push({ name: item.name, arguments: parsedArguments(item.arguments) });
  if (item.type === 'custom_tool_call') content.calls.push({ name: item.name, arguments: item.input });
}

/** Adds the deltas of items that were not finished, from a truncated stream. */
function addDeltas(content: CandidateContent, values: Json[]): void {
  const finished = new Set(
    values.filter(({ type }) => type === 'response.output_item.done').map((one) => one.output_index),
  );
  for (const value of values) {
    if (finished.has(value.output_index)) continue;
    if (value.type === 'response.output_text.delta') content.text += value.delta;
    if (value.type === 'response.reasoning_summary_text.delta') content.reasoning += value.delta;
  }
}

function responsesStop(response: Json, content: CandidateContent): StopReason {
  if (response.status === 'failed') return 'error';
  if (response.status === 'incomplete')
    return response.incomplete_details?.reason === 'max_output_tokens' ? 'length' : 'content-filter';
  // Queued: it runs in the background.
  if (!/^complete/.test(response.status)) return 'unknown';
  return content.calls.length > 0 ? 'tool-calls' : content.refusal ? 'refusal' : 'stop';
}
