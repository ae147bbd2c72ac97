// Portable states: how what a provider signs of its model's reasoning (thinking signatures, encrypted reasoning, thought
// signatures) travels through a client of another format, without the relay storing anything. A state is base64 of JSON that
// begins with `{"oo8":1,`. It stands where the client's format has opaque text (a signature, `encrypted_content`,
// `thoughtSignature`) or, if there is no such member, behind the id of a tool call, which every client sends back. This file
// owns the encoding; each format decides where a state goes.
import { Buffer } from 'node:buffer';
import { isObject } from './json-reader.ts';
import type { NeutralEvent, NeutralPart, ReasoningPart, ReasoningSignature, TextPart } from './neutral.ts';
import { paragraphBreak } from './reasoning.ts';

/** Reasoning of one step on its way through a client. */
export type PortableReasoning = Pick<ReasoningPart, 'text' | 'paragraphs' | 'signature'> & {
  /** Characters (UTF-16) of the answer's text before it. Absent if there are none. */
  after?: number;
};

/** What travels. Its reasoning has text only if the client's format has no member for that text. */
export interface PortableState {
  /** Reasoning that stood before the part, in order. */
  reasoning: PortableReasoning[];
  /** The signature of the part itself. */
  signature?: ReasoningSignature;
}

/** How every state begins, in both base64 alphabets. Nine bytes of JSON are twelve characters. */
export const portableStateMark = 'eyJvbzgiOjEs';

/** `base64`: where a format demands standard base64 (Gemini's bytes fields); `base64url`: everywhere else. */
export function writePortableState(state: PortableState, alphabet: 'base64' | 'base64url'): string {
  const json = JSON.stringify({
    oo8: 1,
    r: state.reasoning.map(wireReasoning),
    ...(state.signature && { p: state.signature }),
  });
  // Filled up with spaces to a multiple of three bytes, so that there is no padding.
  const bytes = Buffer.from(json, 'utf8');
  const padded = json + ' '.repeat((3 - (bytes.length % 3)) % 3);
  return Buffer.from(padded, 'utf8').toString(alphabet);
}

/** Clients hold states of older versions: the member's name on the wire stays `proof`. */
function wireReasoning(reasoning: PortableReasoning): object {
  const members = Object.entries(reasoning);
  return Object.fromEntries(members.map(([name, value]) => [name === 'signature' ? 'proof' : name, value]));
}

/** Returns null for any other text: a provider's own value, or a damaged state. */
export function readPortableState(text: string): PortableState | null {
  if (!text.startsWith(portableStateMark)) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
    if (!isObject(value) || !Array.isArray(value.r)) return null;
    const reasoning = value.r.filter(isObject).map(reasoningOf);
    const signature = readSignature(value.p);
    return { reasoning, ...(signature && { signature }) };
  } catch {
    return null;
  }
}

function reasoningOf(value: Readonly<Record<string, unknown>>): PortableReasoning {
  const signature = readSignature(value.proof);
  const { paragraphs, after } = value;
  return {
    text: typeof value.text === 'string' ? value.text : '',
    ...(Array.isArray(paragraphs) && { paragraphs: paragraphs.filter((text) => typeof text === 'string') }),
    ...(typeof after === 'number' && after > 0 && { after }),
    ...(signature && { signature }),
  };
}

function readSignature(value: unknown): ReasoningSignature | undefined {
  if (!isObject(value)) return undefined;
  const kind = value.kind === 'encrypted' ? 'encrypted' : 'signature';
  const { origin } = value;
  if (typeof origin !== 'string' || typeof value.value !== 'string') return undefined;
  return { origin, kind, value: value.value, ...(typeof value.id === 'string' && { id: value.id }) };
}

/** Returns a client's tool-call id: the upstream's own, followed by the state if there is one. */
export function callIdWithState(id: string, state: PortableState | null): string {
  return state === null ? id : `${id}_${writePortableState(state, 'base64url')}`;
}

/** Takes a client's tool-call id apart again. */
export function readCallId(clientId: string): { id: string; state: PortableState | null } {
  const at = clientId.indexOf(`_${portableStateMark}`);
  if (at < 0) return { id: clientId, state: null };
  return { id: clientId.slice(0, at), state: readPortableState(clientId.slice(at + 1)) };
}

/** Replaces a missing signature. It distinguishes the reasoning from Claude's, which is always signed. */
export const placeholderSignature = writePortableState({ reasoning: [] }, 'base64url');

/** A part of a client's message, and the reasoning in the state that came with it. */
export interface PartWithReasoning {
  part: NeutralPart;
  reasoning: readonly PortableReasoning[];
  /** The caller's path to the member with the state. */
  from?: string;
}

interface PlacedReasoning extends ReasoningPart {
  after: number;
}

/**
 * Puts reasoning back where it stood: into the text, after as many characters as came before it, or directly before its call.
 * If the client changed the text, the reasoning goes to the nearest position. Reasoning that the client sends itself (with the
 * same signature) is not repeated.
 */
export function restoreReasoning(reads: readonly PartWithReasoning[]): NeutralPart[] {
  const known = new Set(
    reads.flatMap(({ part }) => (part.type === 'reasoning' ? (signatureKey(part.signature) ?? []) : [])),
  );
  const withinText: PlacedReasoning[] = [];
  const placed: PlacedPart[] = [];
  let textLength = 0;
  for (const { part, reasoning: state, from } of reads) {
    const missing = state.filter((thought) => isMissing(thought, known));
    const thoughts = missing.map((thought) => placedReasoning(thought, from));
    withinText.push(...thoughts.filter(({ after }) => after < textLength));
    placed.push({ part, before: thoughts.filter(({ after }) => after >= textLength) });
    textLength += part.type === 'text' ? part.text.length : 0;
  }
  return insertReasoning(placed, withinText);
}

interface PlacedPart {
  part: NeutralPart;
  before: readonly PlacedReasoning[];
}

function placedReasoning(
  { after = 0, ...thought }: PortableReasoning,
  at: string | undefined,
): PlacedReasoning {
  return { type: 'reasoning', ...thought, after, ...(at !== undefined && { at }) };
}

function signatureKey(signature: ReasoningSignature | undefined): string | undefined {
  return signature && `${signature.origin} ${signature.value}`;
}

/** Whether the signature is new, and remembers it. Signatures of chat are never remembered: many thoughts share one. */
function isMissing({ signature }: PortableReasoning, known: Set<string>): boolean {
  const key = signatureKey(signature);
  if (key === undefined) return true;
  const missing = !known.has(key);
  if (signature?.origin !== 'openai-chat') known.add(key);
  return missing;
}

function insertReasoning(
  parts: readonly PlacedPart[],
  withinText: readonly PlacedReasoning[],
): NeutralPart[] {
  let textLength = 0;
  return parts.flatMap(({ part, before }) => {
    if (part.type !== 'text') return [...before.map(reasoningPart), part];
    const start = textLength;
    textLength += part.text.length;
    return splitText(
      part,
      start,
      withinText.filter(({ after }) => after >= start && after < textLength),
    );
  });
}

/** Cuts the text where reasoning stood in it. Citations and the like stay with the last piece. */
function splitText(part: TextPart, start: number, thoughts: readonly PlacedReasoning[]): NeutralPart[] {
  const pieces: NeutralPart[] = [];
  let cut = 0;
  for (const thought of thoughts) {
    const at = Math.max(cut, thought.after - start);
    const text = part.text.slice(cut, at);
    if (text !== '') pieces.push({ type: 'text', text, ...(part.at !== undefined && { at: part.at }) });
    pieces.push(reasoningPart(thought));
    cut = at;
  }
  return cut === 0 ? [...pieces, part] : [...pieces, { ...part, text: part.text.slice(cut) }];
}

function reasoningPart({ after: _, ...thought }: PlacedReasoning): ReasoningPart {
  return thought;
}

/**
 * Collects the state for the next tool call, for writers to clients whose format has no reasoning. The first call after some
 * reasoning takes all of it; the others take only their own signature.
 */
export class PortableStateCollector {
  private waiting: PortableReasoning[] = [];
  private open = new Map<number, { paragraphs: string[]; after: number }>();
  /** Characters of text so far. */
  private textLength = 0;

  /** Takes every event, also those for which the writer writes nothing. */
  observe(event: NeutralEvent): void {
    switch (event.type) {
      case 'text-delta':
        this.textLength += event.text.length;
        return;
      case 'reasoning-start':
        this.open.set(event.part, { paragraphs: [], after: this.textLength });
        return;
      case 'reasoning-delta': {
        const paragraphs = this.open.get(event.part)?.paragraphs;
        if (paragraphs === undefined) return;
        while (paragraphs.length <= event.paragraph) paragraphs.push('');
        paragraphs[event.paragraph] += event.text;
        return;
      }
      case 'reasoning-end':
        this.close(event.part, event.signature);
    }
  }

  private close(part: number, signature: ReasoningSignature | undefined): void {
    const { paragraphs, after } = this.open.get(part) ?? { paragraphs: [], after: this.textLength };
    this.open.delete(part);
    this.collect(
      {
        text: paragraphs.join(paragraphBreak),
        ...(paragraphs.length > 1 && { paragraphs }),
        ...(signature && { signature }),
      },
      after,
    );
  }

  /** Takes a whole part of an answer that is not streamed: text, of which the length counts, or reasoning. */
  add(part: NeutralPart): void {
    if (part.type === 'text') this.textLength += part.text.length;
    if (part.type === 'reasoning') this.collect(part, this.textLength);
  }

  /** Ignores reasoning without a signature: no provider needs it back. */
  private collect({ text, paragraphs, signature }: PortableReasoning, after: number): void {
    if (signature === undefined) return;
    this.waiting.push({ text, ...(paragraphs && { paragraphs }), signature, ...(after > 0 && { after }) });
  }

  /** Returns the state for the call that comes now, or null if there is nothing to send along. */
  take(signature: ReasoningSignature | undefined): PortableState | null {
    const reasoning = this.waiting;
    this.waiting = [];
    return reasoning.length === 0 && signature === undefined
      ? null
      : { reasoning, ...(signature && { signature }) };
  }
}
