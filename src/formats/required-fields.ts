// The fields that a request must have, and whether a body has them with the right types.
import type { JsonObject } from '../lib/json.ts';
import { isObject } from './json-reader.ts';
import { isModelName, modelNameRule } from './model-name.ts';
import type { RequestFault } from './request-fault.ts';
import type { RequiredField } from './wire-format.ts';

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
