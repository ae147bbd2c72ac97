// A call whose arguments are streamed: pieces by JSONPath, until a part has no `willContinue`. Seen from Gemini 3
// (2026-05). https://ai.google.dev/gemini-api/docs/function-calling#streaming-arguments
import type { JsonObject } from '../../lib/json.ts';
import { isObject } from '../json-reader.ts';
import { memberOf, objectsOf, textOf } from './members.ts';

/** A call under way. */
export class PartialCall {
  private readonly root: Record<string, unknown> = {};

  /** Takes in the pieces of one `functionCall`; answers whether more will come. */
  take(call: JsonObject): boolean {
    const whole = memberOf(call, 'args');
    if (isObject(whole)) Object.assign(this.root, whole);
    for (const piece of objectsOf(call, 'partialArgs')) this.place(piece);
    return memberOf(call, 'willContinue') === true;
  }

  /** What has come so far, as JSON. */
  get arguments(): string {
    return JSON.stringify(this.root);
  }

  private place(piece: JsonObject): void {
    const path = stepsOf(textOf(piece, 'jsonPath') ?? '');
    const last = path.pop();
    if (last === undefined) return;
    let at: Record<string, unknown> | unknown[] = this.root;
    for (const [index, step] of path.entries()) at = child(at, step, path[index + 1] ?? last);
    set(at, last, piece);
  }
}

type Step = string | number;

/** `$.a[0].b`, `$['a b'][1]`. */
function stepsOf(path: string): Step[] {
  const found = path.matchAll(/\.([^.[\]]+)|\[(\d+)\]|\[['"]([^'"]*)['"]\]/g);
  return [...found].map(([, name, index, quoted]) =>
    index === undefined ? (name ?? quoted ?? '') : Number(index),
  );
}

function child(
  parent: Record<string, unknown> | unknown[],
  step: Step,
  next: Step,
): Record<string, unknown> | unknown[] {
  const known = get(parent, step);
  if (isObject(known) || Array.isArray(known)) return known as Record<string, unknown> | unknown[];
  const made: Record<string, unknown> | unknown[] = typeof next === 'number' ? [] : {};
  put(parent, step, made);
  return made;
}

/** A text comes in pieces, each of which continues the one before; everything else comes whole. */
function set(parent: Record<string, unknown> | unknown[], step: Step, piece: JsonObject): void {
  const text = memberOf(piece, 'stringValue');
  if (typeof text === 'string') {
    const before = get(parent, step);
    put(parent, step, typeof before === 'string' ? before + text : text);
    return;
  }
  const value = memberOf(piece, 'numberValue') ?? memberOf(piece, 'boolValue') ?? null;
  put(parent, step, value);
}

function get(parent: Record<string, unknown> | unknown[], step: Step): unknown {
  return Object.hasOwn(parent, step) ? (parent as Record<Step, unknown>)[step] : undefined;
}

/** Defined, not assigned: a member may be called `__proto__`. */
function put(parent: Record<string, unknown> | unknown[], step: Step, value: unknown): void {
  Object.defineProperty(parent, step, { value, writable: true, enumerable: true, configurable: true });
}
