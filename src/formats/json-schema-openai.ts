// JSON Schema as OpenAI takes it, and the one rewrite that makes another dialect's schema fit.
// https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
import { isObject } from './json-reader.ts';
import type { JsonObject } from './observation.ts';

/** Parameters of a function: the root must be an object. No arguments (null, or a schema of no type) is `{}`. */
export function openaiParameters(parameters: JsonObject | null): JsonObject {
  if (parameters === null) return { type: 'object', properties: {} };
  if (parameters.type === 'object' && !isObject(parameters.properties))
    return { ...parameters, properties: {} };
  if (parameters.type === undefined) return { type: 'object', properties: {}, ...parameters };
  return parameters;
}

/**
 * Whether strict mode takes the schema: every object forbids further members and requires all that it has. A
 * schema that does not would be refused; it is sent without `strict` then.
 */
export function isStrictSchema(schema: unknown): boolean {
  if (!isObject(schema)) return true;
  const { properties } = schema;
  if (isObject(properties) || schema.type === 'object') {
    const names = Object.keys(isObject(properties) ? properties : {});
    const required = Array.isArray(schema.required) ? schema.required : [];
    if (schema.additionalProperties !== false || names.some((name) => !required.includes(name))) return false;
  }
  return subschemas(schema).every(isStrictSchema);
}

function subschemas(schema: JsonObject): unknown[] {
  const maps = [schema.properties, schema.$defs, schema.definitions].filter(isObject).flatMap(Object.values);
  const lists = [schema.anyOf, schema.prefixItems].filter(Array.isArray).flat();
  return [...maps, ...lists, schema.items];
}
