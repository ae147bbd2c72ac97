// Converts the parts of an older Workers AI model's answer to OpenAI's. Pure.
import { countAt, isObject, textAt } from '../formats/json-reader.ts';
import type { JsonObject } from '../lib/json.ts';

/** What an answer of OpenAI's needs and the model's lacks. */
export interface Naming {
  id: string;
  model: string;
  created: number;
}

/** Structured output is an object, and a lone number is a number. */
export function textOfResponse(response: unknown): string {
  if (response === null || response === undefined) return '';
  return typeof response === 'string' ? response : JSON.stringify(response);
}

/** Calls are flat (`{name, arguments}`) or OpenAI's, with arguments as an object or as text. */
export function callsOf(value: unknown): JsonObject[] {
  const rows = Array.isArray(value) ? value.filter(isObject) : [];
  return rows.flatMap<JsonObject>((row) => callOf(row, {}) ?? []);
}

/**
 * Returns the calls of one event as deltas. A call in pieces has its `index` in each piece and its name in the
 * first; a whole call has none, and gets the next.
 */
export function callDeltasOf(value: unknown, nextIndex: number): JsonObject[] {
  const rows: JsonObject[] = Array.isArray(value) ? value.filter(isObject) : [];
  return rows.flatMap<JsonObject>((row, position) => deltaOf(row, nextIndex + position) ?? []);
}

function deltaOf(row: JsonObject, nextIndex: number): JsonObject | null {
  const index = countAt(row, 'index');
  const call = callOf(row, index === undefined ? {} : '');
  if (call !== null) return { index: index ?? nextIndex, ...call };
  const called = isObject(row.function) ? row.function : row;
  const more = textAt(called, 'arguments') ?? '';
  return index === undefined || more === '' ? null : { index, function: { arguments: more } };
}

/** `without`: the arguments of a call that has none. */
function callOf(row: JsonObject, without: unknown): JsonObject | null {
  const called = isObject(row.function) ? row.function : row;
  const name = textAt(called, 'name');
  if (name === undefined || name === '') return null;
  const given = called.arguments ?? without;
  return {
    id: textAt(row, 'id') ?? `call_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`,
    type: 'function',
    function: { name, arguments: typeof given === 'string' ? given : JSON.stringify(given) },
  };
}

export function finishOf(answer: JsonObject, hasCalls: boolean): string {
  return hasCalls ? 'tool_calls' : (textAt(answer, 'finish_reason') ?? 'stop');
}
