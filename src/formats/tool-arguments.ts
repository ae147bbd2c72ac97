// A call's arguments as the object that some formats (Anthropic's, Gemini's) have on the wire.
import { isObject } from './json-reader.ts';
import type { JsonObject } from './observation.ts';

/** Text that is no JSON object (a custom tool's, a call that was broken off) goes as one, under `input`. */
export function argumentsObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text === '' ? '{}' : text);
    return isObject(value) ? value : { value };
  } catch {
    return { input: text };
  }
}
