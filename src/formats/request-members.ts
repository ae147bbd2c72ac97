// Visits every member of a request body that a provider reads as a field, and not the contents of messages, calls and
// JSON Schemas.
import type { JsonObject } from '../lib/json.ts';
import { isObject } from './json-reader.ts';

/** One member, and its path. */
export interface RequestMember {
  key: string;
  value: unknown;
  parent: JsonObject;
  /** Keys and indexes from the body down to the member; valid during the visit only. */
  path: readonly (string | number)[];
}

/** Deeper members are not visited; no provider has a field at half that depth. */
const maximumDepth = 64;

/**
 * Members whose content has names and values of its own: maps and literals of JSON Schemas
 * (https://json-schema.org/draft/2020-12), arguments of calls, examples, and contents of earlier answers.
 */
const opaque = new Set([
  'properties',
  'patternProperties',
  'dependentSchemas',
  '$defs',
  'definitions',
  'enum',
  'const',
  'default',
  'example',
  'examples',
  'input_examples',
  'args',
  'arguments',
  'annotations',
  'logit_bias',
  'logitBias',
  'labels',
]);

/** Calls of tools, whose `input` is the model's own JSON. */
const calls = new Set(['tool_use', 'server_tool_use', 'mcp_tool_use', 'custom_tool_call']);

/** Visits each such member once, parents first, in the order of the body. */
export function visitRequestMembers(body: JsonObject, visit: (member: RequestMember) => void): void {
  const path: (string | number)[] = [];
  const walk = (value: unknown): void => {
    if (path.length > maximumDepth) return;
    if (Array.isArray(value)) {
      for (const [index, element] of value.entries()) {
        if (typeof element !== 'object') continue;
        path.push(index);
        walk(element);
        path.pop();
      }
    } else if (isObject(value)) walkMembers(value);
  };
  const walkMembers = (parent: JsonObject): void => {
    for (const [key, value] of Object.entries(parent)) {
      if (isOpaque(key, parent, path.length)) continue;
      path.push(key);
      visit({ key, value, parent, path });
      if (typeof value === 'object') walk(value);
      path.pop();
    }
  };
  walkMembers(body);
}

function isOpaque(key: string, parent: JsonObject, depth: number): boolean {
  if (opaque.has(key)) return true;
  // The caller's own key-value pairs (OpenAI, Anthropic); deeper, a field of that name is the provider's.
  if (key === 'metadata') return depth === 0;
  if (key === 'input') return calls.has(String(parent.type));
  // What a function returned, in Gemini's format.
  return key === 'response' && typeof parent.name === 'string';
}

/** The path as callers write it: `tools[0].model`. */
export function pathText(path: readonly (string | number)[]): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('');
}
