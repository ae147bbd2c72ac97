// One choice of a streamed chat completion: which of its parts is open, which number each has, what is still to
// come. Owns no framing and nothing of the answer as a whole.
import type { JsonObject } from '../../lib/json.ts';
import { isObject, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { Citation, NeutralEvent } from '../neutral.ts';
import { readLogprobs } from '../openai-parts.ts';
import { CallStates, calledTool, isEmpty } from './call-states.ts';
import { readImages, streamedAudioType } from './read-media.ts';
import {
  mergeDetails,
  type ReasoningMember,
  readReasoning,
  reasoningSignature,
  thinkingText,
} from './reasoning.ts';
import { readStop } from './stop-reason.ts';

type Events = NeutralEvent[];

/** The part that grows now. Tool calls are separate, because several may grow at once. */
type OpenPart =
  | { kind: 'text' | 'refusal'; part: number }
  | { kind: 'reasoning'; part: number; place: ReasoningMember; details: JsonObject[] };

/** The state of one choice. Methods add to the events that they are given. */
export class ChoiceState {
  readonly #candidate: number;
  readonly #calls: CallStates;
  #open: OpenPart | null = null;
  #nextPart = 0;
  #textPart: number | null = null;
  #audioPart: number | null = null;
  #refused = false;
  #waiting: Citation[] = [];
  #finish: JsonObject | null = null;

  constructor(candidate: number, answerId: string) {
    this.#candidate = candidate;
    this.#calls = new CallStates(candidate, answerId, () => this.#nextPart++);
  }

  /** Whether there is no content yet. */
  get empty(): boolean {
    return this.#nextPart === 0;
  }

  get #hasSaid(): boolean {
    return this.#textPart !== null || this.#refused || this.#audioPart !== null || this.#calls.any;
  }

  /** It gave a reason to end. */
  get finished(): boolean {
    return this.#finish !== null;
  }

  readDelta(delta: JsonObject, choice: JsonObject, events: Events): void {
    const reasoning = readReasoning(delta);
    if (reasoning !== null) this.#think(reasoning.text, reasoning.place, reasoning.details, events);
    this.#readContent(delta.content, choice, events);
    const refusal = textAt(delta, 'refusal');
    if (refusal !== undefined) this.#refuse(refusal, events);
    const audio = objectAt(delta, 'audio');
    if (audio !== undefined && hasText(audio)) this.#speak(audio, events);
    for (const image of readImages(delta)) {
      this.#begin(events);
      events.push({ type: 'part-add', candidate: this.#candidate, part: this.#nextPart++, content: image });
    }
    this.#readCalls(delta, events);
  }

  /** Citations belong to the last text; those that come before any wait for it. */
  addCitations(citations: readonly Citation[], events: Events): void {
    const part = this.#textPart;
    if (part === null) this.#waiting.push(...citations);
    else for (const citation of citations) this.#cite(part, citation, events);
  }

  /** Takes the reason to end, if the choice gives one: the last one counts where it is repeated. */
  finish(choice: JsonObject): void {
    if (textAt(choice, 'finish_reason') !== undefined) this.#finish = choice;
  }

  /** Ends all parts. */
  closeParts(events: Events): void {
    this.#close(events);
    this.#calls.close(events);
  }

  ending(): NeutralEvent {
    const facts = { calls: this.#calls.any, refusal: this.#refused };
    // Without a reason, a whole stream counts as ended if it has content.
    const finish = this.#finish ?? (this.#hasSaid ? { finish_reason: 'stop' } : {});
    return { type: 'candidate-end', candidate: this.#candidate, stop: readStop(finish, facts) };
  }

  /** A text, or parts (Mistral's reasoning models). Log probabilities may come with an empty text. */
  #readContent(content: unknown, choice: JsonObject, events: Events): void {
    const logprobs = readLogprobs(objectAt(choice, 'logprobs')?.content);
    const found = logprobs.length > 0 ? { logprobs } : {};
    if (Array.isArray(content)) {
      for (const part of content.filter(isObject)) {
        if (part.type === 'thinking') this.#think(thinkingText(part), 'thinking', [], events);
        else this.#addText(textAt(part, 'text') ?? '', found, events);
      }
    } else this.#addText(typeof content === 'string' ? content : '', found, events);
  }

  #addText(text: string, found: { logprobs?: ReturnType<typeof readLogprobs> }, events: Events): void {
    if (text === '' && found.logprobs === undefined) return;
    const part = this.#openAs('text', events);
    events.push({ type: 'text-delta', candidate: this.#candidate, part, text, ...found });
  }

  #refuse(text: string, events: Events): void {
    this.#refused = true;
    const part = this.#openAs('refusal', events);
    events.push({ type: 'refusal-delta', candidate: this.#candidate, part, text });
  }

  #openAs(kind: 'text' | 'refusal', events: Events): number {
    if (this.#open?.kind === kind) return this.#open.part;
    this.#begin(events);
    const part = this.#nextPart++;
    this.#open = { kind, part };
    events.push({ type: `${kind}-start`, candidate: this.#candidate, part });
    if (kind === 'text') this.#citeWaiting(part, events);
    return part;
  }

  #citeWaiting(part: number, events: Events): void {
    this.#textPart = part;
    for (const citation of this.#waiting.splice(0)) this.#cite(part, citation, events);
  }

  #cite(part: number, citation: Citation, events: Events): void {
    events.push({ type: 'citation-add', candidate: this.#candidate, part, citation });
  }

  #think(text: string, place: ReasoningMember, details: JsonObject[], events: Events): void {
    let open = this.#open;
    if (open?.kind !== 'reasoning') {
      this.#begin(events);
      open = { kind: 'reasoning', part: this.#nextPart++, place, details: [] };
      this.#open = open;
      events.push({ type: 'reasoning-start', candidate: this.#candidate, part: open.part });
    }
    mergeDetails(open.details, details);
    if (text === '') return;
    events.push({ type: 'reasoning-delta', candidate: this.#candidate, part: open.part, text, paragraph: 0 });
  }

  #speak(audio: JsonObject, events: Events): void {
    this.#begin(events);
    this.#audioPart ??= this.#nextPart++;
    const providerId = textAt(audio, 'id');
    events.push({
      type: 'audio-delta',
      candidate: this.#candidate,
      part: this.#audioPart,
      data: textAt(audio, 'data') ?? '',
      transcript: textAt(audio, 'transcript') ?? '',
      mediaType: streamedAudioType,
      ...(providerId !== undefined && { providerId }),
    });
  }

  #readCalls(delta: JsonObject, events: Events): void {
    const legacy = objectAt(delta, 'function_call');
    const wires = objectsAt(delta, 'tool_calls');
    const calls = legacy !== undefined && wires.length === 0 ? [{ index: 0, function: legacy }] : wires;
    if (calls.every((call) => textAt(call, 'id') === undefined && isEmpty(calledTool(call)))) return;
    this.#close(events);
    for (const call of calls) this.#calls.read(call, events);
  }

  /** Another part begins: ends what is whole. */
  #begin(events: Events): void {
    this.#close(events);
    this.#calls.endWhole(events);
  }

  /** Ends the part that grows, if one does. */
  #close(events: Events): void {
    const open = this.#open;
    this.#open = null;
    if (open === null) return;
    const place = { candidate: this.#candidate, part: open.part };
    if (open.kind !== 'reasoning') events.push({ type: `${open.kind}-end`, ...place });
    else
      events.push({
        type: 'reasoning-end',
        ...place,
        signature: reasoningSignature(open.place, open.details),
      });
  }
}

/** Servers written in Go send a sound of empty members beside every text. */
function hasText(audio: JsonObject): boolean {
  return ['id', 'data', 'transcript'].some((name) => textAt(audio, name) !== undefined);
}
