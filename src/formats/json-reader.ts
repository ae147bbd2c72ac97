// Reads members of JSON from others. What is absent or of another type reads as nothing.
import type { JsonObject } from '../lib/json.ts';

/** Returns the member if it is an object, or undefined. */
export function objectAt(value: JsonObject | undefined, key: string): JsonObject | undefined {
  const member = value?.[key];
  return isObject(member) ? member : undefined;
}

/** The member's elements that are objects. */
export function objectsAt(value: JsonObject | undefined, key: string): JsonObject[] {
  const member = value?.[key];
  return Array.isArray(member) ? member.filter(isObject) : [];
}

/** Returns the member if it is a non-empty string, or undefined. */
export function textAt(value: JsonObject | undefined, key: string): string | undefined {
  const member = value?.[key];
  return typeof member === 'string' && member !== '' ? member : undefined;
}

/**
 * The largest count of one answer, in tokens, characters, searches or seconds: ten contexts of the longest model.
 * Larger figures of an upstream are cut, so that sums of money stay exact.
 */
export const mostOfCount = 100_000_000;

/** The member as a count: an integer from 0 to the most, fractions rounded up; undefined when it is no such number. */
export function countAt(value: JsonObject | undefined, key: string): number | undefined {
  const member = value?.[key];
  if (typeof member !== 'number' || !Number.isFinite(member) || member < 0) return undefined;
  return Math.min(Math.ceil(member), mostOfCount);
}

/** The first of the members that is a count, else 0. */
export function firstCount(...counts: (number | undefined)[]): number {
  return counts.find((count) => count !== undefined) ?? 0;
}

/** Whether the value is a JSON object, neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether the object has only empty members: the zero value of a server written in Go, which means nothing. */
export function isZeroObject(value: unknown): boolean {
  if (!isObject(value)) return false;
  const members = Object.values(value);
  return members.length > 0 && members.every(isZero);
}

function isZero(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return value === '' || value === 0 || value === false || value === null || isZeroObject(value);
}

/**
 * What an error inside an answer is called: its code or type, else its status, else `error`; undefined when
 * the value has no error. Errors are objects, plain strings, or (Mistral, Cohere) the whole body.
 */
export function errorName(value: JsonObject): string | undefined {
  const error = value.error;
  if (error === undefined || error === null) return undefined;
  if (typeof error === 'string') return error === '' ? undefined : 'error';
  if (!isObject(error)) return 'error';
  if (isZeroObject(error)) return undefined;
  const { code, type, status } = error;
  for (const name of [code, type, status]) {
    if (typeof name === 'string' && name !== '') return name;
    if (typeof name === 'number') return String(name);
  }
  return 'error';
}
