// What a request's choice of target depends on: the token and the session that the client names, else how the conversation begins, which every
// later turn repeats; chance for what is not a conversation.
import { isObject } from '../../formats/json-reader.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Call } from '../call.ts';
import type { Plan } from '../plan/plan.ts';
import { sessionOf } from '../request/session.ts';

/** Characters of a beginning by which conversations differ. */
const tellingCharacters = 2_000;

/** Returns the seed by which a target is selected. */
export function affinitySeed(call: Pick<Call, 'identity' | 'request'>, { body }: Plan): string {
  const { identity } = call;
  const session = sessionOf(call, body);
  if (session !== null) return `${identity.tokenId} session ${session}`;
  const beginning = body.type === 'json' ? beginningOf(body.value as JsonObject) : null;
  return beginning === null ? crypto.randomUUID() : `${identity.tokenId} ${beginning}`;
}

/** Returns the text up to and with the first user turn, or null if there is none. */
function beginningOf(body: JsonObject): string | null {
  const turns = body.messages ?? body.contents ?? body.input;
  const all: unknown[] = Array.isArray(turns) ? turns : [turns];
  const first = all.findIndex((turn) => !isObject(turn) || turn.role === 'user' || turn.role === undefined);
  const words = wordsOf(all.slice(0, first < 0 ? 1 : first + 1), levels);
  return words.length === 0 ? null : words.join(' ');
}

/** Parts of a turn are no deeper. */
const levels = 12;

/** Its texts, however they are wrapped: as a string or as parts, with a mark for the provider's cache or, later, without. */
function wordsOf(value: unknown, levels: number): string[] {
  if (typeof value === 'string') return [value.slice(0, tellingCharacters)];
  if (levels === 0 || typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((one) => wordsOf(one, levels - 1));
  return Object.entries(value).flatMap(([key, one]) => (wrapping.has(key) ? [] : wordsOf(one, levels - 1)));
}

const wrapping: ReadonlySet<string> = new Set(['cache_control', 'type', 'role', 'id']);
