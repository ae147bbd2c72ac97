// What a meter knows of an answer, and what a wire format has to supply to fill it in. The readers in the
// formats' folders write to an Observation; meter.ts owns the bytes and calls them.
import { Buffer } from 'node:buffer';
import type { JsonObject } from '../lib/json.ts';
import { type MadeMedia, noMedia } from './answer-media.ts';
import { AudioLength } from './audio-length.ts';
import { textLength } from './elision.ts';
import type { Usage } from './usage.ts';

/** How the answer's bytes are cut: server-sent events, one JSON value, Gemini's stream as a JSON array, or not at all. */
export type Framing = 'sse' | 'json' | 'json-array' | 'opaque';

/** The state that the readers of one answer share. Readers only ever add to it. */
export interface Observation {
  /** The upstream's own final figure so far. Null if there is none. */
  usage: Usage | null;
  /** What is known before the final figure (Anthropic's message_start). */
  partialUsage: Usage | null;
  /** The format's terminator was seen, or the whole JSON body was. */
  complete: boolean;
  /** The answer has a finish reason. */
  hasFinishReason: boolean;
  /** Events of a stream, pings and terminators aside. */
  events: number;
  /** The first event was an error: nothing was answered. */
  beganWithError: boolean;
  /** At least one piece of content was seen. */
  started: boolean;
  /** UTF-16 length of text, reasoning and tool arguments seen. */
  outputCharacters: number;
  /** Bytes (of text: UTF-16 units) that passed and could not be read as anything. */
  unreadBytes: number;
  /** Sound that passed, where the answer is sound or has it in events. */
  audio: AudioLength | null;
  /** Pictures that passed. */
  media: MadeMedia;
  /** Ids that the upstream made and that a later request can name. */
  madeIds: Set<string>;
  model: string | null;
  /** The model of an upstream's own fallback, if the usage names one (Anthropic). */
  servedModel: string | null;
  /** Type or code of an error inside the answer. */
  error: string | null;
  /** Its text, as the upstream wrote it, up to a bound: it may quote keys and the request. */
  errorText: string | null;
  serviceTier: string | null;
  /** Where the answer was made, if the provider names it and may bill it (Anthropic's inference_geo). */
  servedIn: string | null;
  /** The number of the last event, where events are numbered (Responses); -1 before the first. */
  sequenceNumber: number;
  /** The status of a response: `completed`, `in_progress`, … (Responses). */
  responseStatus: string | null;
  /** Tokens of other models than the answer's own, outside `usage`: Anthropic's advisor, OpenAI's images. */
  otherModelUsage: OtherModelUsage[];
  /** Searches that the provider ran, where they are named outside the usage object (Gemini). */
  searches: { web: number; map: number };
  /** The usage object so far, as it came: later events of Anthropic's change only parts of it. */
  wireUsage: JsonObject | undefined;
}

/** Usage that another model than the request's ran up on its behalf, for pricing apart. */
export interface OtherModelUsage {
  model: string;
  usage: Usage;
}

/** Observes one wire format. Every function accepts any JSON: wrong shapes are ignored and never throw. */
export interface WireObserver {
  /** One event of a stream: an SSE event's parsed data, or an element of Gemini's array. */
  event(observation: Observation, value: JsonObject, eventName: string | undefined): void;
  /** A whole JSON body. Strings may be cut (elision.ts) and arrays of numbers empty. */
  body(observation: Observation, value: JsonObject): void;
  /** Bytes of an answer that is no JSON and no events. Undefined: they cannot be read. */
  bytes?(observation: Observation, bytes: Uint8Array): void;
}

/** Returns an observation of nothing yet. */
export function emptyObservation(): Observation {
  return {
    usage: null,
    partialUsage: null,
    complete: false,
    hasFinishReason: false,
    events: 0,
    beganWithError: false,
    started: false,
    outputCharacters: 0,
    unreadBytes: 0,
    audio: null,
    media: noMedia(),
    madeIds: new Set(),
    model: null,
    servedModel: null,
    error: null,
    errorText: null,
    serviceTier: null,
    servedIn: null,
    sequenceNumber: -1,
    responseStatus: null,
    otherModelUsage: [],
    searches: { web: 0, map: 0 },
    wireUsage: undefined,
  };
}

/** Adds a piece of sound to what an answer has made. What is no base64 text is passed over. */
export function observeAudio(observation: Observation, base64: unknown): void {
  if (typeof base64 !== 'string' || base64 === '') return;
  observation.audio ??= new AudioLength();
  const bytes = Buffer.from(base64, 'base64');
  observation.audio.push(bytes);
  const wholeBytes = Math.floor((textLength(base64) * 3) / 4);
  if (wholeBytes > bytes.byteLength + 3) observation.audio.pass(wholeBytes - bytes.byteLength);
}
