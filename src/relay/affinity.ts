// What a request's choice of channel hangs on: the token and how the conversation begins, which every later turn
// repeats; something random for what is no conversation.
import type { JsonObject } from '../formats/observation.ts';
import type { Call } from './call.ts';
import type { Plan } from './plan.ts';

/** Of each beginning, this much tells conversations apart. */
const tellingCharacters = 2_000;

/** A seed for selectPlace. */
export function affinitySeed({ identity }: Call, { body }: Plan): string {
  const beginning = body.type === 'json' ? beginningOf(body.value as JsonObject) : null;
  return beginning === null ? crypto.randomUUID() : `${identity.tokenId} ${beginning}`;
}

/** Up to and with the first thing that the user says. */
function beginningOf(body: JsonObject): string | null {
  const turns = body.messages ?? body.contents ?? body.input;
  if (typeof turns === 'string') return cut(turns);
  if (!Array.isArray(turns)) return null;
  const first = turns.findIndex((turn) => turn?.role === 'user' || turn?.role === undefined);
  const opening = turns.slice(0, first < 0 ? 1 : first + 1);
  return opening.map((turn) => cut(JSON.stringify(turn, cutStrings) ?? '')).join(' ');
}

/** A megabyte that is written out to be cut off again costs a millisecond. */
function cutStrings(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? cut(value) : value;
}

function cut(text: string): string {
  return text.slice(0, tellingCharacters);
}
