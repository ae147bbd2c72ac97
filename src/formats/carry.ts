// Carries: how a provider's proofs (thinking signatures, encrypted reasoning, thought signatures) travel
// through a client that speaks another format, without the relay storing anything. A carry is base64 of JSON
// that begins with `{"oo8":1,`; it stands where the client's format keeps opaque text (a signature,
// `encrypted_content`, `thoughtSignature`) or, where there is no such place, behind the id of a tool call, which
// every client has to send back. Owns the encoding; who puts it where is each format's business.
import { Buffer } from 'node:buffer';
import { isObject } from './json-reader.ts';
import type { NeutralEvent, Proof, ReasoningPart } from './neutral.ts';
import { paragraphBreak } from './reasoning.ts';

/** What travels. Reasoning is in it with its text only where the client has no place for that text. */
export interface Carried {
  /** Reasoning that stood before the part, in order. */
  reasoning: Pick<ReasoningPart, 'text' | 'paragraphs' | 'proof'>[];
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

function reasoningOf(value: Readonly<Record<string, unknown>>): Carried['reasoning'][number] {
  const proof = proofOf(value.proof);
  const { paragraphs } = value;
  return {
    text: typeof value.text === 'string' ? value.text : '',
    ...(Array.isArray(paragraphs) && { paragraphs: paragraphs.filter((text) => typeof text === 'string') }),
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

/**
 * Gathers what the next tool call has to carry, for writers to clients whose format keeps no reasoning. The
 * first call after some reasoning takes all of it along; the others only their own proof.
 */
export class CarryCollector {
  private waiting: Carried['reasoning'] = [];
  private open = new Map<number, string[]>();

  /** Shown every event, also those that the writer says nothing for. */
  observe(event: NeutralEvent): void {
    switch (event.type) {
      case 'reasoning-start':
        this.open.set(event.part, []);
        return;
      case 'reasoning-delta': {
        const open = this.open.get(event.part);
        if (open === undefined) return;
        while (open.length <= event.paragraph) open.push('');
        open[event.paragraph] += event.text;
        return;
      }
      case 'reasoning-end':
        this.close(event.part, event.proof);
    }
  }

  private close(part: number, proof: Proof | undefined): void {
    const paragraphs = this.open.get(part) ?? [];
    this.open.delete(part);
    // Without a proof nobody wants it back.
    if (proof === undefined) return;
    this.add({ text: paragraphs.join(paragraphBreak), ...(paragraphs.length > 1 && { paragraphs }), proof });
  }

  /** A whole reasoning part, for unstreamed answers. */
  add({ text, paragraphs, proof }: Carried['reasoning'][number]): void {
    if (proof !== undefined) this.waiting.push({ text, ...(paragraphs && { paragraphs }), proof });
  }

  /** What the call that comes now carries; null: nothing. */
  take(proof: Proof | undefined): Carried | null {
    const reasoning = this.waiting;
    this.waiting = [];
    return reasoning.length === 0 && proof === undefined ? null : { reasoning, ...(proof && { proof }) };
  }
}
