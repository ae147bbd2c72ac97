// The providers' own OpenAPI files, which validate what the relay writes for them. They are not part of the
// repository: tests read them from ../shared/specs (beside the repository) if that folder exists.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { isObject } from '../../src/formats/json-reader.ts';

const folder = fileURLToPath(new URL('../../../shared/specs/', import.meta.url).href);

/** Whether the OpenAPI files exist. */
export const haveSpecs = existsSync(`${folder}openai-openapi.yaml`);

/** Reports once in a test file why its validation is skipped. */
export function reportSkippedSpecs(): void {
  if (!haveSpecs) console.warn(`left out: no OpenAPI files at ${folder}`);
}

/** The files, by the provider that they describe. */
export const specFiles = {
  openai: 'openai-openapi.yaml',
  anthropic: 'anthropic-openapi.json',
  gemini: 'gemini-generativelanguage-v1beta-openapi.json',
} as const;

const validators = new Map<string, ValidateFunction>();
const documents = new Map<string, Ajv2020>();

/** Returns the errors of `value` by a schema of a provider's components, such as `CreateResponse`. */
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

/** Loads a file. Formats (date, uri) are not checked; OpenAPI's own keywords are ignored. */
function load(provider: keyof typeof specFiles): Ajv2020 {
  const document = parse(readFileSync(folder + specFiles[provider], 'utf8')) as { components: unknown };
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: provider, components: plain(document.components) });
  return ajv;
}

/**
 * Converts an OpenAPI schema to JSON Schema: `nullable` becomes a type of null; discriminators, the older
 * `exclusiveMinimum: true`, and examples, which may contain anything, are removed.
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
    // Several of OpenAI's alternatives match one value (a text content also matches an easy message): one is
    // enough.
    if (key === 'oneOf' && Array.isArray(value))
      cleaned.anyOf = [...((cleaned.anyOf as unknown[]) ?? []), ...value.map(plain)];
  }
  if (cleaned.oneOf === undefined) delete cleaned.oneOf;
  return nullable === true ? { anyOf: [cleaned, { type: 'null' }] } : cleaned;
}
