// What a request must have, whatever its upstream: fields of the right type, a name that can be a model's, and no more answers
// than the provider makes. A larger figure would be reserved all the same, and could be too large for exact arithmetic.
import type { JsonObject } from '../lib/json.ts';
import { isObject } from './json-reader.ts';
import type { RequestFault } from './request-fields.ts';
import type { CountField, RequiredField } from './wire-format.ts';

export const modelField: RequiredField = { field: 'model', type: 'string' };
export const streamField: RequiredField = optionalBoolean('stream');
/** Of the formats whose streams have usage on request. */
export const streamFields: readonly RequiredField[] = [
  streamField,
  { field: 'stream_options', type: 'object', optional: true },
];

/** Returns a field that may be absent and is otherwise true or false. */
export function optionalBoolean(field: string): RequiredField {
  return { field, type: 'boolean', optional: true };
}

/** Returns what is wrong with the first field that is missing or of another type, or null. */
export function faultOfFields(body: JsonObject, fields: readonly RequiredField[]): RequestFault | null {
  for (const field of fields) {
    const fault = faultOfField(body, field);
    if (fault !== null) return fault;
  }
  return null;
}

function faultOfField(body: JsonObject, { field, type, optional }: RequiredField): RequestFault | null {
  const value = body[field];
  if (value === undefined || value === null) {
    return optional ? null : { ok: false, message: `Missing required parameter: '${field}'.`, param: field };
  }
  const wrongName = field === 'model' && typeof value === 'string' && !isModelName(value);
  if (!wrongName && isOfType(value, type)) return null;
  const expected = wrongName ? modelNameRule : expectation(type);
  const got = wrongName ? (value === '' ? 'an empty string' : 'something else') : nameOf(value);
  return { ok: false, message: `Invalid '${field}': expected ${expected}, got ${got}.`, param: field };
}

function isOfType(value: unknown, type: RequiredField['type']): boolean {
  switch (type) {
    case 'any':
      return true;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'string or array':
      return typeof value === 'string' || Array.isArray(value);
    default:
      return typeof value === type;
  }
}

function expectation(type: RequiredField['type']): string {
  if (type === 'string or array') return 'a string or an array';
  return type === 'array' || type === 'object' ? `an ${type}` : `a ${type}`;
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** The providers' own bounds. */
export const requestCounts = {
  /** https://developers.openai.com/api/reference/resources/chat (`n`) and …/completions (`n`, `best_of`), 2026-11. */
  choices: 128,
  /** https://developers.openai.com/api/reference/resources/images (`n`), 2026-11. */
  images: 10,
  /** The same page (`partial_images`). */
  partialImages: 3,
  /** https://ai.google.dev/api/generate-content#GenerationConfig (`candidateCount`), 2026-11. */
  candidates: 8,
} as const;

/** Returns what is wrong with the first count above its bound, or null. Other wrong values are the upstream's to refuse. */
export function faultOfCounts(counts: readonly CountField[]): RequestFault | null {
  for (const [holder, path, bound] of counts) {
    const name = path.slice(path.lastIndexOf('.') + 1);
    const given = typeof holder[name] === 'string' ? Number(holder[name]) : holder[name];
    if (typeof given === 'number' && given > bound)
      return { ok: false, message: `Invalid '${path}': expected at most ${bound}.`, param: path };
  }
  return null;
}

/** Bounds of a model name. */
export const modelNameLimits = {
  /** Code points. The longest names of providers (ARNs of Bedrock, Vertex resource names) have some 200. */
  characters: 256,
} as const;

/**
 * Whether a text can name a model: 1 to 256 printable characters without white space around them. Upstreams trim
 * names, so a padded one would pass a price or an allow list that knows only the bare name.
 */
export function isModelName(text: string): boolean {
  // A code point has at most two UTF-16 units: longer texts are not counted one by one.
  if (text === '' || text.length > 2 * modelNameLimits.characters || text !== text.trim()) return false;
  return !unprintable.test(text) && [...text].length <= modelNameLimits.characters;
}

/** Control, format, surrogate, private, and unassigned characters, and separators other than the plain space. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

/** What a caller reads when a name is not one. */
export const modelNameRule = `a model name: 1 to ${modelNameLimits.characters} printable characters without white space around them`;
