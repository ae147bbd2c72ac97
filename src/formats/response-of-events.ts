// Collects the events of a streamed answer into a whole one with the same content, for callers that did not request a
// stream while the upstream streams. The opposite is events-of-response.ts.
import type { NeutralCandidate, NeutralEvent, NeutralPart, NeutralResponse, Stop } from './neutral.ts';
import { paragraphBreak } from './reasoning.ts';

/** Collects events; `response` is the answer so far. A stream without its end has the stop `unknown`. */
export class ResponseCollector {
  readonly #parts = new Map<number, Map<number, NeutralPart>>();
  readonly #stops = new Map<number, Stop>();
  readonly #rest: Omit<NeutralResponse, 'candidates'> = {
    id: null,
    model: null,
    createdAtSeconds: null,
    usage: null,
    serviceTier: null,
    error: null,
    promptBlock: null,
  };

  get response(): NeutralResponse {
    const numbers = [...new Set([...this.#parts.keys(), ...this.#stops.keys()])].sort((a, b) => a - b);
    return { ...this.#rest, candidates: numbers.map((number) => this.#candidate(number)) };
  }

  add(event: NeutralEvent): void {
    switch (event.type) {
      case 'message-start': {
        const { id, model, createdAtSeconds } = event;
        Object.assign(this.#rest, { id, model, createdAtSeconds, usage: event.usage });
        return;
      }
      case 'usage-set':
        Object.assign(this.#rest, { usage: event.usage, serviceTier: event.serviceTier });
        return;
      case 'candidate-end':
        this.#stops.set(event.candidate, event.stop);
        return;
      case 'prompt-block':
        this.#rest.promptBlock = { reason: event.reason, message: event.message };
        return;
      case 'error':
        this.#rest.error = event.error;
        return;
      case 'message-end':
        return;
      default:
        this.#addToPart(event);
    }
  }

  #candidate(number: number): NeutralCandidate {
    const parts = [...(this.#parts.get(number) ?? [])].sort(([a], [b]) => a - b).map(([, part]) => part);
    return { parts, stop: this.#stops.get(number) ?? { reason: 'unknown' } };
  }

  #addToPart(event: PartEvent): void {
    const parts = this.#parts.get(event.candidate) ?? new Map<number, NeutralPart>();
    this.#parts.set(event.candidate, parts);
    const part = partWith(parts.get(event.part), event);
    if (part !== undefined) parts.set(event.part, part);
  }
}

type PartEvent = Extract<NeutralEvent, { part: number }>;

/** Returns the part after the event, or undefined if the event is not about an existing part. */
function partWith(part: NeutralPart | undefined, event: PartEvent): NeutralPart | undefined {
  switch (event.type) {
    case 'text-start':
      return { type: 'text', text: '' };
    case 'refusal-start':
      return { type: 'refusal', text: '' };
    case 'reasoning-start':
      return { type: 'reasoning', text: '', paragraphs: [] };
    case 'tool-call-start': {
      const { id, name, custom, signature, itemId } = event;
      const given = {
        ...(custom && { custom }),
        ...(signature && { signature }),
        ...(itemId !== undefined && { itemId }),
      };
      return { type: 'tool-call', id, name, arguments: '', ...given };
    }
    case 'part-add':
      return event.content;
    case 'audio-delta':
      return withSound(part, event);
    default:
      return part === undefined ? undefined : grown(part, event);
  }
}

type Growth = Exclude<
  PartEvent,
  { type: `${string}-start` } | { type: 'part-add' } | { type: 'audio-delta' }
>;

function grown(part: NeutralPart, event: Growth): NeutralPart {
  switch (event.type) {
    case 'text-delta':
      if (part.type !== 'text') return part;
      return {
        ...part,
        text: part.text + event.text,
        ...(event.logprobs && { logprobs: [...(part.logprobs ?? []), ...event.logprobs] }),
      };
    case 'citation-add':
      return part.type === 'text'
        ? { ...part, citations: [...(part.citations ?? []), event.citation] }
        : part;
    case 'refusal-delta':
      return part.type === 'refusal' ? { ...part, text: part.text + event.text } : part;
    case 'reasoning-delta':
      return part.type === 'reasoning' ? withThought(part, event.paragraph, event.text) : part;
    case 'tool-call-delta':
      return part.type === 'tool-call' ? { ...part, arguments: part.arguments + event.arguments } : part;
    case 'tool-call-end':
      return part.type === 'tool-call' && part.arguments === '' && !part.custom
        ? { ...part, arguments: '{}' }
        : part;
    case 'text-end':
    case 'reasoning-end': {
      const { signature } = event;
      const isSigned = signature !== undefined && (part.type === 'text' || part.type === 'reasoning');
      return isSigned ? { ...part, signature } : part;
    }
    case 'refusal-end':
      return part;
  }
}

function withThought(
  part: Extract<NeutralPart, { type: 'reasoning' }>,
  paragraph: number,
  text: string,
): NeutralPart {
  const paragraphs = [...(part.paragraphs ?? [])];
  while (paragraphs.length <= paragraph) paragraphs.push('');
  paragraphs[paragraph] += text;
  return { ...part, paragraphs, text: paragraphs.join(paragraphBreak) };
}

/** Pieces of base64 that were encoded apart: they are joined as bytes. */
function withSound(
  part: NeutralPart | undefined,
  { data, transcript, mediaType, providerId }: Extract<NeutralEvent, { type: 'audio-delta' }>,
): NeutralPart {
  const before = part?.type === 'media' && part.source.type === 'base64' ? part : undefined;
  const soFar = before?.source.type === 'base64' ? before.source.data : '';
  return {
    type: 'media',
    kind: 'audio',
    source: { type: 'base64', mediaType, data: joinedBase64(soFar, data) },
    transcript: (before?.transcript ?? '') + transcript,
    ...(providerId !== undefined && { providerId }),
  };
}

function joinedBase64(left: string, right: string): string {
  if (!left.endsWith('=')) return left + right;
  return btoa(atob(left) + atob(right));
}
