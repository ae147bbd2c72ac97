// The providers' own OpenAPI files, as validators of what the relay writes for them. They are not part of the
// repository: they are used from ../shared/specs (beside the repository) when that folder is there.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { isObject } from '../../src/formats/json-reader.ts';

const folder = fileURLToPath(new URL('../../../shared/specs/', import.meta.url).href);

/** Whether the OpenAPI files are there. */
export const haveSpecs = existsSync(`${folder}openai-openapi.yaml`);

/** Says once per test file why its validation is left out. */
export function saySpecsLeftOut(): void {
  if (!haveSpecs) console.warn(`left out: no OpenAPI files at ${folder}`);
}

/** The files, by the format that they describe. */
export const specFiles = {
  openai: 'openai-openapi.yaml',
  anthropic: 'anthropic-openapi.json',
  gemini: 'gemini-generativelanguage-v1beta-openapi.json',
} as const;

const validators = new Map<string, ValidateFunction>();
const documents = new Map<string, Ajv2020>();

/** The faults that `value` has by a schema of a provider's components: `CreateResponse`. Empty: none. */
export function schemaFaults(provider: keyof typeof specFiles, schema: string, value: unknown): string[] {
  const key = `${provider}#${schema}`;
  const validate = validators.get(key) ?? compile(provider, schema);
  validators.set(key, validate);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

function compile(provider: keyof typeof specFiles, schema: string): ValidateFunction {
  const ajv = documents.get(provider) ?? load(provider);
  documents.set(provider, ajv);
  const validate = ajv.getSchema(`${provider}#/components/schemas/${schema}`);
  if (validate === undefined) throw new Error(`no schema ${schema} in the file of ${provider}`);
  return validate;
}

/** Formats (date, uri) are not checked; OpenAPI's own keywords are known or passed over. */
function load(provider: keyof typeof specFiles): Ajv2020 {
  const document = parse(readFileSync(folder + specFiles[provider], 'utf8')) as { components: unknown };
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: provider, components: plain(document.components) });
  return ajv;
}

/**
 * The schema without what only OpenAPI knows: `nullable` becomes a type of null, discriminators go, an
 * `exclusiveMinimum: true` of the older dialect too, and examples, which may hold anything.
 */
function plain(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(plain);
  if (!isObject(schema)) return schema;
  const { nullable, discriminator: _, example: __, ...rest } = schema;
  const cleaned: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(rest)) {
    if (key.startsWith('x-') && typeof value !== 'object') continue;
    if ((key === 'exclusiveMinimum' || key === 'exclusiveMaximum') && typeof value === 'boolean') continue;
    cleaned[key] = key === 'oneOf' && Array.isArray(value) ? undefined : plain(value);
    // Several alternatives of OpenAI's match one value (a text content is also an easy one): one is enough.
    if (key === 'oneOf' && Array.isArray(value))
      cleaned.anyOf = [...((cleaned.anyOf as unknown[]) ?? []), ...value.map(plain)];
  }
  if (cleaned.oneOf === undefined) delete cleaned.oneOf;
  return nullable === true ? { anyOf: [cleaned, { type: 'null' }] } : cleaned;
}
