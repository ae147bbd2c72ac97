// Carries: how a provider's proofs (thinking signatures, encrypted reasoning, thought signatures) travel
// through a client that speaks another format, without the relay storing anything. A carry is base64 of JSON
// that begins with `{"oo8":1,`; it stands where the client's format keeps opaque text (a signature,
// `encrypted_content`, `thoughtSignature`) or, where there is no such place, behind the id of a tool call, which
// every client has to send back. Owns the encoding; who puts it where is each format's business.
import { Buffer } from 'node:buffer';
import { isObject } from './json-reader.ts';
import type { NeutralEvent, NeutralPart, Proof, ReasoningPart, TextPart } from './neutral.ts';
import { paragraphBreak } from './reasoning.ts';

/** One thought on its way through a client. */
export type CarriedThought = Pick<ReasoningPart, 'text' | 'paragraphs' | 'proof'> & {
  /** Characters (UTF-16) of the answer's text that stood before it; absent: none. */
  after?: number;
};

/** What travels. Reasoning is in it with its text only where the client has no place for that text. */
export interface Carried {
  /** Reasoning that stood before the part, in order. */
  reasoning: CarriedThought[];
  /** The proof of the part itself. */
  proof?: Proof;
}

/** How every carry begins, in both base64 alphabets: nine bytes of JSON are twelve characters. */
export const carryMark = 'eyJvbzgiOjEs';

/** `base64`: where a format demands standard base64 (Gemini's bytes fields); `base64url`: everywhere else. */
export function writeCarry(carried: Carried, alphabet: 'base64' | 'base64url'): string {
  const json = JSON.stringify({ oo8: 1, r: carried.reasoning, ...(carried.proof && { p: carried.proof }) });
  // Filled up with spaces to a multiple of three bytes, so that there is no padding.
  const bytes = Buffer.from(json, 'utf8');
  const padded = json + ' '.repeat((3 - (bytes.length % 3)) % 3);
  return Buffer.from(padded, 'utf8').toString(alphabet);
}

/** Null when the text is no carry: the provider's own value, or damaged. */
export function readCarry(text: string): Carried | null {
  if (!text.startsWith(carryMark)) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
    if (!isObject(value) || !Array.isArray(value.r)) return null;
    const reasoning = value.r.filter(isObject).map(reasoningOf);
    const proof = proofOf(value.p);
    return { reasoning, ...(proof && { proof }) };
  } catch {
    return null;
  }
}

function reasoningOf(value: Readonly<Record<string, unknown>>): CarriedThought {
  const proof = proofOf(value.proof);
  const { paragraphs, after } = value;
  return {
    text: typeof value.text === 'string' ? value.text : '',
    ...(Array.isArray(paragraphs) && { paragraphs: paragraphs.filter((text) => typeof text === 'string') }),
    ...(typeof after === 'number' && after > 0 && { after }),
    ...(proof && { proof }),
  };
}

const origins = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini-generate'] as const;

function proofOf(value: unknown): Proof | undefined {
  if (!isObject(value)) return undefined;
  const origin = origins.find((name) => name === value.origin);
  const kind = value.kind === 'encrypted' ? 'encrypted' : 'signature';
  if (origin === undefined || typeof value.value !== 'string') return undefined;
  return { origin, kind, value: value.value, ...(typeof value.id === 'string' && { id: value.id }) };
}

/** A client's tool-call id: the upstream's own, with the carry behind it if there is something to carry. */
export function callIdWithCarry(id: string, carried: Carried | null): string {
  return carried === null ? id : `${id}_${writeCarry(carried, 'base64url')}`;
}

/** A client's tool-call id taken apart again. */
export function readCallId(clientId: string): { id: string; carried: Carried | null } {
  const at = clientId.indexOf(`_${carryMark}`);
  if (at < 0) return { id: clientId, carried: null };
  return { id: clientId.slice(0, at), carried: readCarry(clientId.slice(at + 1)) };
}

/** The signature of a thought that has no proof: it tells the thought from Claude's, which always have one. */
export const unprovenSignature = writeCarry({ reasoning: [] }, 'base64url');

/** A part of a client's message, and the thoughts that it carried here. */
export interface CarryingPart {
  part: NeutralPart;
  carried: readonly CarriedThought[];
  /** The caller's path to what carried them. */
  from?: string;
}

interface PlacedThought extends ReasoningPart {
  after: number;
}

/**
 * Puts carried thoughts back to where they stood: into the text behind as many characters as were said before them, or
 * directly before their call. A client that changed the text gets them at the nearest place. Thoughts that the client kept
 * itself (the same proof) are not repeated.
 */
export function placeCarried(reads: readonly CarryingPart[]): NeutralPart[] {
  const known = new Set(
    reads.flatMap(({ part }) => (part.type === 'reasoning' ? (proofKey(part.proof) ?? []) : [])),
  );
  const withinText: PlacedThought[] = [];
  const placed: PlacedPart[] = [];
  let said = 0;
  for (const { part, carried, from } of reads) {
    const missing = carried.filter((thought) => isMissing(thought, known));
    const thoughts = missing.map((thought) => placedThought(thought, from));
    withinText.push(...thoughts.filter(({ after }) => after < said));
    placed.push({ part, before: thoughts.filter(({ after }) => after >= said) });
    said += part.type === 'text' ? part.text.length : 0;
  }
  return insertThoughts(placed, withinText);
}

interface PlacedPart {
  part: NeutralPart;
  before: readonly PlacedThought[];
}

function placedThought({ after = 0, ...thought }: CarriedThought, at: string | undefined): PlacedThought {
  return { type: 'reasoning', ...thought, after, ...(at !== undefined && { at }) };
}

function proofKey(proof: Proof | undefined): string | undefined {
  return proof && `${proof.origin} ${proof.value}`;
}

/** Whether no thought with its proof is known; it is from now on, unless the proof is that of any thought (chat's). */
function isMissing({ proof }: CarriedThought, known: Set<string>): boolean {
  const key = proofKey(proof);
  if (key === undefined) return true;
  const missing = !known.has(key);
  if (proof?.origin !== 'openai-chat') known.add(key);
  return missing;
}

function insertThoughts(parts: readonly PlacedPart[], withinText: readonly PlacedThought[]): NeutralPart[] {
  let said = 0;
  return parts.flatMap(({ part, before }) => {
    if (part.type !== 'text') return [...before.map(thoughtPart), part];
    const start = said;
    said += part.text.length;
    return splitText(
      part,
      start,
      withinText.filter(({ after }) => after >= start && after < said),
    );
  });
}

/** The text cut where thoughts stood in it. What is known of the whole text stays with its last piece. */
function splitText(part: TextPart, start: number, thoughts: readonly PlacedThought[]): NeutralPart[] {
  const pieces: NeutralPart[] = [];
  let cut = 0;
  for (const thought of thoughts) {
    const at = Math.max(cut, thought.after - start);
    const text = part.text.slice(cut, at);
    if (text !== '') pieces.push({ type: 'text', text, ...(part.at !== undefined && { at: part.at }) });
    pieces.push(thoughtPart(thought));
    cut = at;
  }
  return cut === 0 ? [...pieces, part] : [...pieces, { ...part, text: part.text.slice(cut) }];
}

function thoughtPart({ after: _, ...thought }: PlacedThought): ReasoningPart {
  return thought;
}

/**
 * Gathers what the next tool call has to carry, for writers to clients whose format keeps no reasoning. The
 * first call after some reasoning takes all of it along; the others only their own proof.
 */
export class CarryCollector {
  private waiting: CarriedThought[] = [];
  private open = new Map<number, { paragraphs: string[]; after: number }>();
  /** Characters of text so far. */
  private said = 0;

  /** Shown every event, also those that the writer says nothing for. */
  observe(event: NeutralEvent): void {
    switch (event.type) {
      case 'text-delta':
        this.said += event.text.length;
        return;
      case 'reasoning-start':
        this.open.set(event.part, { paragraphs: [], after: this.said });
        return;
      case 'reasoning-delta': {
        const paragraphs = this.open.get(event.part)?.paragraphs;
        if (paragraphs === undefined) return;
        while (paragraphs.length <= event.paragraph) paragraphs.push('');
        paragraphs[event.paragraph] += event.text;
        return;
      }
      case 'reasoning-end':
        this.close(event.part, event.proof);
    }
  }

  private close(part: number, proof: Proof | undefined): void {
    const { paragraphs, after } = this.open.get(part) ?? { paragraphs: [], after: this.said };
    this.open.delete(part);
    this.keep(
      {
        text: paragraphs.join(paragraphBreak),
        ...(paragraphs.length > 1 && { paragraphs }),
        ...(proof && { proof }),
      },
      after,
    );
  }

  /** A whole part of an unstreamed answer: text, of which the length counts, or a thought. */
  add(part: NeutralPart): void {
    if (part.type === 'text') this.said += part.text.length;
    if (part.type === 'reasoning') this.keep(part, this.said);
  }

  /** Without a proof nobody wants it back. */
  private keep({ text, paragraphs, proof }: CarriedThought, after: number): void {
    if (proof === undefined) return;
    this.waiting.push({ text, ...(paragraphs && { paragraphs }), proof, ...(after > 0 && { after }) });
  }

  /** What the call that comes now carries; null: nothing. */
  take(proof: Proof | undefined): Carried | null {
    const reasoning = this.waiting;
    this.waiting = [];
    return reasoning.length === 0 && proof === undefined ? null : { reasoning, ...(proof && { proof }) };
  }
}
