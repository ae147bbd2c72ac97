// One content part of a streamed message: text or a refusal, with its citations.
import type { JsonObject } from '../../lib/json.ts';
import { objectsAt, textAt } from '../json-reader.ts';
import type { NeutralEvent, TokenLogprob } from '../neutral.ts';
import { readLogprobs } from '../openai-parts.ts';
import { readCitation } from './citations.ts';

/** What the items of one answer share. */
export interface ItemStreams {
  nextPart: number;
  /** Whether there is a call of the client's tools, and whether there is a refusal. */
  calls: boolean;
  refusal: boolean;
}

/** The state of one content part. Methods add to the events that they are given. */
export class ContentState {
  readonly #streams: ItemStreams;
  #part: { kind: 'text' | 'refusal'; part: number } | null = null;
  #cited = 0;
  #closed = false;

  constructor(streams: ItemStreams) {
    this.#streams = streams;
  }

  addText(kind: 'text' | 'refusal', text: string, logprobs: TokenLogprob[], events: NeutralEvent[]): void {
    if (this.#closed || (text === '' && logprobs.length === 0)) return;
    const part = this.#start(kind, events);
    if (kind === 'refusal') events.push({ type: 'refusal-delta', candidate: 0, part, text });
    else
      events.push({ type: 'text-delta', candidate: 0, part, text, ...(logprobs.length > 0 && { logprobs }) });
  }

  cite(annotation: JsonObject, events: NeutralEvent[]): void {
    if (this.#closed) return;
    this.#cited += 1;
    const part = this.#start('text', events);
    events.push({ type: 'citation-add', candidate: 0, part, citation: readCitation(annotation) });
  }

  /** Ends the part. Emits what the deltas did not contain. */
  finish(part: JsonObject, events: NeutralEvent[]): void {
    if (this.#closed) return;
    const kind = part.type === 'refusal' ? 'refusal' : 'text';
    if (this.#part === null)
      this.addText(
        kind,
        textAt(part, kind) ?? '',
        kind === 'text' ? readLogprobs(part.logprobs) : [],
        events,
      );
    for (const annotation of objectsAt(part, 'annotations').slice(this.#cited))
      if (this.#part?.kind === 'text') this.cite(annotation, events);
    this.close(events);
  }

  /** Ends it. Closed is only what was open: an imitator's `done` may come before its text. */
  close(events: NeutralEvent[]): void {
    if (this.#part === null || this.#closed) return;
    this.#closed = true;
    events.push({ type: `${this.#part.kind}-end`, candidate: 0, part: this.#part.part });
  }

  #start(kind: 'text' | 'refusal', events: NeutralEvent[]): number {
    if (this.#part !== null) return this.#part.part;
    const part = this.#streams.nextPart++;
    this.#part = { kind, part };
    if (kind === 'refusal') this.#streams.refusal = true;
    events.push({ type: `${kind}-start`, candidate: 0, part });
    return part;
  }
}
