// A call's arguments as the object that some formats (Anthropic's, Gemini's) have on the wire.
import type { JsonObject } from '../lib/json.ts';
import { isObject } from './json-reader.ts';

/**
 * Returns the arguments as an object. `null` is empty; an object in a string is parsed; another value becomes `value`,
 * a custom tool's free text `input`. Of an object that was cut, the members that are whole remain, as the SDKs do in a
 * stream.
 */
export function argumentsObject(text: string): JsonObject {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
    if (value === null) return {};
    return (typeof value === 'string' ? objectIn(value) : null) ?? { value };
  } catch {
    return text.trimStart().startsWith('{') ? (objectIn(wholeMembers(text)) ?? {}) : { input: text };
  }
}

function objectIn(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** The text up to its last whole member, with the brackets that it leaves open closed. */
function wholeMembers(text: string): string {
  let closers = '';
  let whole = { end: 0, closers };
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (isInString) {
      if (character === '\\') at += 1;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (character === ',') whole = { end: at, closers };
    else if (character === '{' || character === '[') {
      closers = (character === '{' ? '}' : ']') + closers;
      whole = { end: at + 1, closers };
    } else if (character === '}' || character === ']') {
      closers = closers.slice(1);
      whole = { end: at + 1, closers };
    }
  }
  return text.slice(0, whole.end) + whole.closers;
}
