// JSON Schema as Claude's structured outputs take it: every object closed, and the constraints that are not
// enforced said in the description instead (the official SDKs do the same).
// https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs#json-schema-limitations
import { isObject } from '../json-reader.ts';
import type { JsonObject } from '../observation.ts';

const unsupported = [
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
] as const;

/** The schema, rewritten. */
export function claudeSchema(schema: JsonObject): JsonObject {
  const rest: Record<string, unknown> = {};
  const said: string[] = [];
  for (const [key, value] of Object.entries(schema)) {
    if (isUnsupported(key, value)) said.push(`${key}: ${JSON.stringify(value)}`);
    else rest[key] = inside(key, value);
  }
  const isOfObjects = rest.type === 'object' || isObject(rest.properties);
  if (isOfObjects) Object.assign(rest, { type: 'object', additionalProperties: false });
  const description = typeof schema.description === 'string' ? [schema.description] : [];
  if (said.length > 0) rest.description = [...description, `{${said.join(', ')}}`].join(' ');
  return rest;
}

function isUnsupported(key: string, value: unknown): boolean {
  // Of minItems, 0 and 1 are enforced.
  if (key === 'minItems') return typeof value === 'number' && value > 1;
  return unsupported.some((name) => name === key);
}

const schemaMaps = new Set(['properties', '$defs', 'definitions']);
const schemas = new Set(['items', 'anyOf', 'allOf', 'oneOf', 'prefixItems', 'not']);

function inside(key: string, value: unknown): unknown {
  if (schemaMaps.has(key) && isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, rewritten(one)]));
  }
  if (!schemas.has(key)) return value;
  return Array.isArray(value) ? value.map(rewritten) : rewritten(value);
}

function rewritten(value: unknown): unknown {
  return isObject(value) ? claudeSchema(value) : value;
}
