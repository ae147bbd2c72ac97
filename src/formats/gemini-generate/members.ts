// Google's JSON takes every name in camelCase and in snake_case. https://protobuf.dev/programming-guides/json/
import type { JsonObject } from '../../lib/json.ts';
import { isObject } from '../json-reader.ts';

/** Returns the member by its camelCase name, in either spelling. */
export function memberOf(value: JsonObject | undefined, name: string): unknown {
  if (value === undefined) return undefined;
  const camel = value[name];
  return camel === undefined ? value[snake(name)] : camel;
}

export function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export function objectOf(value: JsonObject | undefined, name: string): JsonObject | undefined {
  const member = memberOf(value, name);
  return isObject(member) ? member : undefined;
}

/** Returns objects, also a single one where Google takes a list of one. */
export function objectsOf(value: JsonObject | undefined, name: string): JsonObject[] {
  const member = memberOf(value, name);
  if (isObject(member)) return [member];
  return Array.isArray(member) ? member.filter(isObject) : [];
}

export function textOf(value: JsonObject | undefined, name: string): string | undefined {
  const member = memberOf(value, name);
  return typeof member === 'string' && member !== '' ? member : undefined;
}

/** Numbers may come as strings (int64). */
export function numberOf(value: JsonObject | undefined, name: string): number | undefined {
  const member = memberOf(value, name);
  const number = typeof member === 'string' && member !== '' ? Number(member) : member;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

export function textsOf(value: JsonObject | undefined, name: string): string[] {
  const member = memberOf(value, name);
  return Array.isArray(member) ? member.filter((text) => typeof text === 'string') : [];
}
