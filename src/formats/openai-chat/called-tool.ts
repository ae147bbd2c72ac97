// What one element of `tool_calls` calls, in whole answers and in deltas.
import type { JsonObject } from '../../lib/json.ts';
import { isObject, objectAt, textAt } from '../json-reader.ts';

/** A tool that is called. `text` is what came of its input: JSON for a function, free text for a custom tool. */
export interface CalledTool {
  custom: boolean;
  name: string | undefined;
  text: string;
}

/**
 * Reads the call. Servers written in Go send every member with its zero value, `custom: {input: "", name: ""}` beside
 * the real `function` (Snowflake Cortex, 2026-11): `type` decides, else what is not empty.
 */
export function calledTool(call: JsonObject): CalledTool {
  const custom = called(objectAt(call, 'custom'), 'input', true);
  const plain = called(objectAt(call, 'function'), 'arguments', false);
  const isCustom = call.type === 'custom' || (call.custom !== undefined && call.function === undefined);
  const [first, second] = isCustom ? [custom, plain] : [plain, custom];
  return isEmpty(first) && !isEmpty(second) ? second : first;
}

/** Tells whether the call says nothing at all: neither a name nor input. */
export function isEmpty({ name, text }: CalledTool): boolean {
  return name === undefined && text === '';
}

function called(wire: JsonObject | undefined, member: string, custom: boolean): CalledTool {
  return { custom, name: textAt(wire, 'name'), text: textOf(wire?.[member]) };
}

/** A few imitators send the arguments as an object. */
function textOf(value: unknown): string {
  if (isObject(value)) return JSON.stringify(value);
  return typeof value === 'string' ? value : '';
}
