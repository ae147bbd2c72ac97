// The content of recorded Messages and generateContent responses, as recorded-content.ts extracts it for OpenAI's
// formats: from the raw JSON, without the readers in src.
import type { StopReason } from '../../src/formats/neutral.ts';
import type { CandidateContent, RecordedContent } from './recorded-content.ts';

// biome-ignore lint/suspicious/noExplicitAny: recordings of many servers, read member by member
type Json = any;

const blank = (): CandidateContent => ({ text: '', refusal: '', reasoning: '', calls: [], stop: null });

// ---- Messages -------------------------------------------------------------------------------------------

const messageStops: Record<string, StopReason> = {
  end_turn: 'stop',
  max_tokens: 'length',
  stop_sequence: 'stop-sequence',
  tool_use: 'tool-calls',
  pause_turn: 'pause',
  refusal: 'refusal',
  model_context_window_exceeded: 'context-length',
};

export function messagesContent(values: Json[]): RecordedContent {
  const isStream = values.some(({ type }) => type === 'message_start');
  const error = values.find(({ type }) => type === 'error')?.error.message ?? null;
  const content = blank();
  for (const block of isStream ? streamedBlocks(values) : (values[0].content ?? [])) addBlock(content, block);
  const stop = isStream
    ? values.findLast(({ type }) => type === 'message_delta')?.delta.stop_reason
    : values[0].stop_reason;
  content.stop = stop ? (messageStops[stop] ?? 'unknown') : isStream ? null : 'unknown';
  if (isStream && !values.some(({ type }) => type === 'message_stop')) content.stop = null;
  return { candidates: [content], error };
}

/** Applies deltas to the blocks that they belong to; a second message_start restarts the count. */
function streamedBlocks(values: Json[]): Json[] {
  const all: Json[] = [];
  let open = new Map<number, Json>();
  for (const { type, index, content_block, delta } of values) {
    if (type === 'message_start') open = new Map();
    if (type === 'content_block_start') {
      const block = { ...content_block, json: '' };
      open.set(index, block);
      all.push(block);
    }
    const block = open.get(index);
    if (type !== 'content_block_delta' || block === undefined) continue;
    if (delta.type === 'text_delta') block.text += delta.text;
    if (delta.type === 'thinking_delta') block.thinking += delta.thinking;
    if (delta.type === 'input_json_delta') block.json += delta.partial_json;
  }
  return all;
}

function addBlock(content: CandidateContent, block: Json): void {
  if (block.type === 'text') content.text += block.text;
  if (block.type === 'thinking') content.reasoning += block.thinking;
  if (block.type === 'tool_use') content.calls.push({ name: block.name, arguments: inputOf(block) });
}

function inputOf({ json, input }: Json): unknown {
  if (!json) return input;
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

// ---- generateContent ------------------------------------------------------------------------------------

const filtered = /SAFETY|RECITATION|LANGUAGE|BLOCKLIST|PROHIBITED|SPII|MODEL_ARMOR|IMAGE_OTHER/;

export function geminiContent(values: Json[], isStream: boolean): RecordedContent {
  const candidates = new Map<number, CandidateContent>();
  for (const value of values) {
    for (const candidate of value.candidates ?? []) {
      const content = candidates.get(candidate.index ?? 0) ?? blank();
      candidates.set(candidate.index ?? 0, content);
      for (const part of candidate.content?.parts ?? []) addPart(content, part);
      if (candidate.finishReason) content.stop = generateStop(candidate.finishReason, content);
    }
  }
  const all = [...candidates.values()];
  if (!isStream) for (const content of all) content.stop ??= 'unknown';
  const failed = values.find(({ error }) => error);
  return { candidates: all, error: failed?.error.message ?? null };
}

function generateStop(wire: string | number, { calls }: CandidateContent): StopReason {
  // Clients may request numbers.
  const reason = wire === 1 ? 'STOP' : String(wire);
  if (reason === 'MAX_TOKENS') return 'length';
  if (filtered.test(reason)) return 'content-filter';
  if (/FUNCTION_CALL|TOOL_CALL|SIGNATURE/.test(reason)) return 'malformed-tool-call';
  if (/^(OTHER|NO_IMAGE|MALFORMED_RESPONSE)$/.test(reason)) return 'error';
  if (reason !== 'STOP') return 'unknown';
  return calls.length > 0 ? 'tool-calls' : 'stop';
}

function addPart(content: CandidateContent, part: Json): void {
  const call = part.functionCall;
  if (call?.name) content.calls.push({ name: call.name, arguments: { ...call.args } });
  else if (call) addPieces(content.calls.at(-1)?.arguments, call.partialArgs ?? []);
  else if (typeof part.text === 'string') content[part.thought ? 'reasoning' : 'text'] += part.text;
}

/** Applies streamed arguments at a path such as `$.operations[0].action`. */
function addPieces(root: Json, pieces: Json[]): void {
  for (const { jsonPath, stringValue, numberValue, boolValue } of pieces) {
    const steps = jsonPath
      .slice(2)
      .split(/[.[\]]+/)
      .filter((step: string) => step !== '');
    let at = root;
    for (const [index, step] of steps.slice(0, -1).entries()) {
      at[step] ??= /^\d+$/.test(steps[index + 1]) ? [] : {};
      at = at[step];
    }
    const last = steps.at(-1);
    at[last] =
      stringValue === undefined ? (numberValue ?? boolValue ?? null) : (at[last] ?? '') + stringValue;
  }
}
