// The parts of an older Workers AI model's answer, in OpenAI's words. Pure.
import { countAt, isObject, textAt } from '../formats/json-reader.ts';
import type { JsonObject } from '../lib/json.ts';

/** What an answer of OpenAI's has that the model's has not. */
export interface Naming {
  id: string;
  model: string;
  created: number;
}

/** Structured output comes as the object itself, and a lone number as one. */
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
 * The calls of one event, as deltas. A call that comes in pieces says its `index` in each, its name in the first; one that
 * comes whole says none, and gets the next.
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

/** `without`: the arguments of a call that says none. */
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
