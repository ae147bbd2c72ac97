// The conversation of a generateContent request. Calls may lack ids. They get ids by position, which stay the same in
// every later turn, and results find their calls by name and order.
import type { JsonObject } from '../../lib/json.ts';
import type { NeutralMessage, NeutralPart, ReasoningPart } from '../neutral.ts';
import { type PartWithReasoning, restoreReasoning } from '../portable-state.ts';
import { objectsOf } from './members.ts';
import { readPart } from './read-parts.ts';

/** Neighbours of one role are one message: chats that were streamed come back in pieces. */
export function readContents(contents: readonly JsonObject[]): NeutralMessage[] {
  const calls = new CallBook();
  const turns: Turn[] = [];
  for (const [index, content] of contents.entries()) {
    const role = content.role === 'model' ? 'assistant' : 'user';
    const at = `contents[${index}]`;
    const reads = objectsOf(content, 'parts').map((part, place) => {
      const read = readPart(
        part,
        role === 'assistant' ? (name) => calls.made(name) : (name) => calls.answered(name),
      );
      calls.note(read.part);
      const path = `${at}.parts[${place}]`;
      return { ...read, part: { ...read.part, at: path }, from: `${path}.thoughtSignature` };
    });
    const last = turns.at(-1);
    if (last?.role === role) last.reads.push(...reads);
    else turns.push({ role, reads, at });
  }
  return turns.map(({ role, reads, at }) => ({ role, parts: joinThoughts(restoreReasoning(reads)), at }));
}

interface Turn {
  role: 'user' | 'assistant';
  reads: PartWithReasoning[];
  at: string;
}

/** Pieces of one thought, up to the piece that has its signature. */
function joinThoughts(parts: readonly NeutralPart[]): NeutralPart[] {
  const joined: NeutralPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (part.type === 'reasoning' && last?.type === 'reasoning' && last.signature === undefined) {
      joined[joined.length - 1] = joinThought(last, part);
    } else if (!isRepeated(part, joined)) joined.push(part);
  }
  return joined;
}

function joinThought(one: ReasoningPart, other: ReasoningPart): ReasoningPart {
  // What a call state repeats the whole thought; a piece continues it.
  const text = other.text.startsWith(one.text) ? other.text : one.text + other.text;
  return { ...other, text, ...(one.at !== undefined && { at: one.at }) };
}

/** A call in a later piece may state what an earlier piece of the same turn had already. */
function isRepeated(part: NeutralPart, before: readonly NeutralPart[]): boolean {
  if (part.type !== 'reasoning' || part.signature === undefined) return false;
  const { value } = part.signature;
  return value !== '' && before.some((one) => one.type === 'reasoning' && one.signature?.value === value);
}

/** Which calls have been made and which of them answered, in order. */
class CallBook {
  private count = 0;
  private readonly waiting: { id: string; name: string }[] = [];

  made(_name: string): string {
    return `call_${this.count}`;
  }

  /** The oldest call of that name that has no answer yet. */
  answered(name: string): string {
    return (this.waiting.find((call) => call.name === name) ?? this.waiting[0])?.id ?? `call_${name}`;
  }

  note(part: NeutralPart): void {
    if (part.type === 'tool-call') {
      this.count += 1;
      this.waiting.push({ id: part.id, name: part.name });
    } else if (part.type === 'tool-result') {
      const at = this.waiting.findIndex(({ id }) => id === part.callId);
      if (at >= 0) this.waiting.splice(at, 1);
    }
  }
}
