// Reads the top-level fields of a request: which were given, by which name, which are unknown (they become `opaque`),
// and the first one of a wrong type (that becomes the caller's 400).
import type { JsonObject } from '../lib/json.ts';
import { isObject } from './json-reader.ts';
import type { NeutralRequest } from './neutral.ts';

/** A request in a neutral form, or the first fault in the caller's. */
export type ReadResult<Request> = { ok: true; request: Request } | RequestFault;

/** A needed field is missing or of a wrong type. Both texts are for the caller. */
export interface RequestFault {
  ok: false;
  message: string;
  /** The field, as a path. */
  param: string | null;
}

type Field = keyof NeutralRequest;

/** Collects faults. Reading continues with harmless values, and the caller gets the first fault. */
export class RequestFaults {
  first: RequestFault | null = null;

  /** `expected` completes "Invalid 'x': expected …". Returns undefined, for use as a value that was not given. */
  wrongType(param: string, expected: string, got: unknown): undefined {
    this.add(param, `Invalid '${param}': expected ${expected}, got ${nameOf(got)}.`);
  }

  missing(param: string): undefined {
    this.add(param, `Missing required parameter: '${param}'.`);
  }

  add(param: string, message: string): undefined {
    this.first ??= { ok: false, message, param };
  }

  /** Returns the first fault, or the request if there is none. */
  resultOf<Request>(request: Request): ReadResult<Request> {
    return this.first ?? { ok: true, request };
  }
}

/**
 * One reading of one object. Every requested member counts as known. null counts as absent, as in all OpenAI formats. A
 * field's path is recorded if it was given.
 */
export class RequestFields {
  readonly paths: NeutralRequest['paths'] = {};
  readonly faults: RequestFaults;
  readonly #body: JsonObject;
  readonly #prefix: string;
  readonly #known = new Set<string>();
  readonly #partlyKnown: Record<string, unknown> = {};

  constructor(body: JsonObject, faults: RequestFaults = new RequestFaults(), prefix = '') {
    this.#body = body;
    this.faults = faults;
    this.#prefix = prefix;
  }

  /** The member as it is; undefined when it was not given. */
  take(key: string, field?: Field): unknown {
    this.#known.add(key);
    const value = this.#body[key] ?? undefined;
    if (value !== undefined && field !== undefined) this.paths[field] ??= this.path(key);
    return value;
  }

  number(key: string, field?: Field): number | undefined {
    const value = this.take(key, field);
    if (value === undefined || typeof value === 'number') return value;
    return this.faults.wrongType(this.path(key), 'a number', value);
  }

  boolean(key: string, field?: Field): boolean | undefined {
    const value = this.take(key, field);
    if (value === undefined || typeof value === 'boolean') return value;
    return this.faults.wrongType(this.path(key), 'a boolean', value);
  }

  text(key: string, field?: Field): string | undefined {
    const value = this.take(key, field);
    if (value === undefined || typeof value === 'string') return value;
    return this.faults.wrongType(this.path(key), 'a string', value);
  }

  object(key: string, field?: Field): JsonObject | undefined {
    const value = this.take(key, field);
    if (value === undefined || isObject(value)) return value;
    return this.faults.wrongType(this.path(key), 'an object', value);
  }

  /** An array of strings; empty when it was not given. */
  texts(key: string, field?: Field): string[] {
    const value = this.take(key, field);
    if (value === undefined) return [];
    if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
    return this.faults.wrongType(this.path(key), 'an array of strings', value) ?? [];
  }

  /** Returns an array of objects. Other elements are faults. */
  objects(key: string, field?: Field): JsonObject[] | undefined {
    const value = this.take(key, field);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) return this.faults.wrongType(this.path(key), 'an array', value);
    return value.filter((element, index) => {
      if (isObject(element)) return true;
      this.faults.wrongType(`${this.path(key)}[${index}]`, 'an object', element);
      return false;
    });
  }

  /** Returns the member if it is one of these. Any other value stays unknown, and so is in {@link rest}. */
  oneOf<Value extends string>(key: string, values: readonly Value[], field?: Field): Value | undefined {
    const found = values.find((value) => value === this.#body[key]);
    return found === undefined ? undefined : (this.take(key, field) as Value);
  }

  /** Members that need no answer, whatever they are. */
  ignore(...keys: string[]): void {
    for (const key of keys) this.#known.add(key);
  }

  /** What is left of a member that was partly understood: it is among {@link rest}. */
  keepRest(key: string, value: unknown): void {
    this.#partlyKnown[key] = value;
  }

  /** Returns the members that were given and are unknown. */
  rest(): Record<string, unknown> {
    const given = Object.entries(this.#body).filter(([, value]) => value !== null && value !== undefined);
    return { ...Object.fromEntries(given.filter(([key]) => !this.#known.has(key))), ...this.#partlyKnown };
  }

  /** The caller's path to a member. */
  path(key: string): string {
    return this.#prefix === '' ? key : `${this.#prefix}.${key}`;
  }
}

function nameOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A request with nothing in it, for readers to fill in. */
export function emptyRequest(
  model: string,
  stream: boolean,
  origin: NeutralRequest['opaque']['origin'],
): NeutralRequest {
  return {
    model,
    stream,
    system: [],
    messages: [],
    tools: [],
    toolChoice: undefined,
    parallelToolCalls: undefined,
    maxOutputTokens: undefined,
    temperature: undefined,
    topP: undefined,
    topK: undefined,
    seed: undefined,
    frequencyPenalty: undefined,
    presencePenalty: undefined,
    stopSequences: [],
    candidateCount: undefined,
    logprobs: undefined,
    responseFormat: undefined,
    reasoning: undefined,
    outputModalities: undefined,
    audioOutput: undefined,
    verbosity: undefined,
    userId: undefined,
    metadata: undefined,
    serviceTier: undefined,
    promptCacheKey: undefined,
    store: undefined,
    previousResponseId: undefined,
    echo: undefined,
    opaque: { origin, fields: {} },
    paths: {},
  };
}
