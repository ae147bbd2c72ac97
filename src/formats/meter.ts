// One meter watches one answer: bytes in, counts out. Owns the choice of framing and of wire format; the
// framings are in framing.ts, what events mean is in each format's folder.

import type { MadeMedia } from './answer-media.ts';
import type { AudioLength } from './audio-length.ts';
import { createFraming, detectFraming } from './framing.ts';
import type { ArrayPosition } from './json-array.ts';
import { emptyObservation, type Framing, type OtherModelUsage } from './observation.ts';
import type { Usage } from './usage.ts';
import type { WireFormat } from './wire-format.ts';

/**
 * Watches one answer as it passes. No method throws, whatever the bytes; memory is bounded
 * (see `framingLimits`): beyond the bound usage is null rather than wrong.
 */
export interface Meter {
  readonly format: WireFormat;
  /** Takes the next bytes, cut anywhere. They are neither held nor changed. */
  push(bytes: Uint8Array): void;
  /** The body ended, however. Reads what was still pending; calling it again does nothing. */
  end(): void;
  /** The upstream's own figure so far: the last one if it repeats, never a sum. Null if there is none. */
  usage(): Usage | null;
  /** What is known before the final figure, for example the input from Anthropic's message_start. */
  partialUsage(): Usage | null;
  /** The format's terminator was seen; for JSON, the whole value; for opaque bytes, end() was called. */
  readonly complete: boolean;
  /** The answer has a finish reason, which is as good as a terminator if an upstream sends none. */
  readonly hasFinishReason: boolean;
  /** No event is half passed: an error event may be put here. Never true inside a JSON or opaque body. */
  readonly atBoundary: boolean;
  /** Only for the framing `json-array`; null for others. */
  readonly arrayPosition: ArrayPosition | null;
  /** UTF-16 length of text, reasoning and tool arguments seen, to estimate output where there is no usage. */
  readonly outputCharacters: number;
  /** What the body is read as: the declared framing, or what its first bytes showed. */
  readonly framing: Framing;
  /** Bytes that passed and could not be read as anything, to estimate output where there is no usage. */
  readonly unreadBytes: number;
  /** The sound of the answer so far. Null if there is none. */
  readonly audio: AudioLength | null;
  /** The pictures of the answer so far. */
  readonly media: MadeMedia;
  /** At least one event with content was seen. */
  readonly started: boolean;
  /** The body, read as a stream, has begun with an error, or had no event and nothing else that can be counted. */
  readonly isWithoutAnswer: boolean;
  /**
   * Ids that the upstream made and that a later request can name: responses, their output items,
   * containers, files in annotations, generated audio.
   */
  readonly madeIds: string[];
  /** The model that the answer names. */
  readonly model: string | null;
  /** The model of an upstream's own fallback, if the usage names one. */
  readonly servedModel: string | null;
  /** Type or code of an error inside the answer, if one was seen. */
  readonly error: string | null;
  /** The text of that error as the upstream wrote it, up to a bound. It may quote keys and the request. */
  readonly errorText: string | null;
  /** The service tier in the answer, as the provider spells it. */
  readonly serviceTier: string | null;
  /** The region in the answer, as the provider spells it (Anthropic). */
  readonly servedIn: string | null;
  /** The number of the last event of a Responses stream; -1 before the first and for other formats. */
  readonly sequenceNumber: number;
  /** The status of a response: `completed`, `in_progress`, …. Null for other formats. */
  readonly responseStatus: string | null;
  /** Tokens of other models, outside usage(), billed at their own prices (Anthropic's advisor, OpenAI's image tool). */
  readonly otherModelUsage: readonly OtherModelUsage[];
}

/**
 * Creates a meter for one answer. It also takes an error body (a status of 400 or more), and then has `error`.
 * `undeclared`: the first bytes decide between the framing, events, and JSON of that framing.
 */
export function createMeter(format: WireFormat, framing: Framing, undeclared?: 'json' | 'json-array'): Meter {
  const observation = emptyObservation();
  const { observer } = format;
  const frames =
    undeclared === undefined
      ? createFraming(framing, observer, observation)
      : detectFraming(framing, undeclared, observer, observation);
  return {
    format,
    push: (bytes) => frames.push(bytes),
    end: () => frames.end(),
    usage: () => observation.usage,
    partialUsage: () => observation.usage ?? observation.partialUsage,
    get hasFinishReason() {
      return observation.hasFinishReason;
    },
    get complete() {
      return observation.complete;
    },
    get atBoundary() {
      return frames.atBoundary;
    },
    get arrayPosition() {
      return frames.arrayPosition;
    },
    get outputCharacters() {
      return observation.outputCharacters;
    },
    get framing() {
      return frames.framing;
    },
    get unreadBytes() {
      return observation.unreadBytes;
    },
    get audio() {
      return observation.audio;
    },
    get media() {
      return observation.media;
    },
    get started() {
      return observation.started;
    },
    get isWithoutAnswer() {
      const { framing } = frames;
      if (framing !== 'sse' && framing !== 'json-array') return false;
      const isEmpty = observation.events === 0 && observation.unreadBytes === 0;
      return observation.usage === null && (observation.beganWithError || isEmpty);
    },
    get madeIds() {
      return [...observation.madeIds];
    },
    get model() {
      return observation.model;
    },
    get servedModel() {
      return observation.servedModel;
    },
    get error() {
      return observation.error;
    },
    get errorText() {
      return observation.errorText;
    },
    get serviceTier() {
      return observation.serviceTier;
    },
    get servedIn() {
      return observation.servedIn;
    },
    get sequenceNumber() {
      return observation.sequenceNumber;
    },
    get responseStatus() {
      return observation.responseStatus;
    },
    get otherModelUsage() {
      return observation.otherModelUsage;
    },
  };
}
