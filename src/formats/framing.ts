// Bytes to parsed events, one framing each; the formats' observers see only values. Owns the limits.
import { createJsonArraySplitter } from './json-array.ts';
import { isObject } from './json-reader.ts';
import { createJsonSkeleton } from './json-skeleton.ts';
import type { ArrayPosition, Framing } from './meter.ts';
import type { JsonObject, Observation, WireObserver } from './observation.ts';
import { createRawSseSplitter, type RawSseBlock } from './sse.ts';

/** What one meter may hold. Beyond it an event is passed over, or a body has no usage: wrong is worse than none. */
export const framingLimits = {
  /** Of one stream event. The largest seen are images in base64, some 5 MB. */
  maximumEventCharacters: 16 * 1024 * 1024,
  /** Of the skeleton of a JSON body, which has neither long strings nor arrays of numbers. */
  maximumSkeletonBytes: 16 * 1024 * 1024,
} as const;

/** One framing at work: see Meter for what each member promises. */
export interface Frames {
  push(bytes: Uint8Array): void;
  end(): void;
  readonly atBoundary: boolean;
  readonly arrayPosition: ArrayPosition | null;
}

/** The framing that feeds `observer`, which writes to `observation`. */
export function createFraming(framing: Framing, observer: WireObserver, observation: Observation): Frames {
  switch (framing) {
    case 'sse':
      return sseFrames(observer, observation);
    case 'json':
      return jsonFrames(observer, observation);
    case 'json-array':
      return arrayFrames(observer, observation);
    case 'opaque':
      return opaqueFrames(observation);
  }
}

function sseFrames(observer: WireObserver, observation: Observation): Frames {
  const splitter = createRawSseSplitter({ maximumEventCharacters: framingLimits.maximumEventCharacters });
  const take = (block: RawSseBlock): void => {
    const value = parseObject(block.data ?? block.raw);
    if (block.data === null) {
      // A bare JSON object in an event stream: an error (seen from Gemini, before and amid a stream), or
      // a whole answer from an upstream that does not stream.
      if (value !== null) observer.body(observation, value);
      if (observation.usage !== null && observation.error === null) observation.complete ||= value !== null;
    } else if (value !== null) observer.event(observation, value, block.event);
    else if (block.data.trim() === '[DONE]') observation.complete = true;
  };
  return {
    push: (bytes) => splitter.push(bytes).forEach(take),
    end: () => splitter.end().forEach(take),
    get atBoundary() {
      return splitter.atBoundary;
    },
    arrayPosition: null,
  };
}

function jsonFrames(observer: WireObserver, observation: Observation): Frames {
  const skeleton = createJsonSkeleton(framingLimits.maximumSkeletonBytes);
  let read = false;
  const readOnce = (): void => {
    if (read || !skeleton.closed) return;
    read = true;
    const value = skeleton.value();
    if (value === null) return;
    observation.complete = true;
    if (isObject(value)) observer.body(observation, value);
  };
  return {
    push(bytes) {
      skeleton.push(bytes);
      readOnce();
    },
    end: readOnce,
    get atBoundary() {
      return !skeleton.begun;
    },
    arrayPosition: null,
  };
}

function arrayFrames(observer: WireObserver, observation: Observation): Frames {
  const splitter = createJsonArraySplitter(framingLimits.maximumEventCharacters);
  const take = (text: string): void => {
    const value = parseObject(text);
    if (value !== null) observer.event(observation, value, undefined);
  };
  return {
    push: (bytes) => splitter.push(bytes).forEach(take),
    end: () => splitter.end().forEach(take),
    get atBoundary() {
      return splitter.atBoundary;
    },
    get arrayPosition() {
      return splitter.position;
    },
  };
}

function opaqueFrames(observation: Observation): Frames {
  return {
    push(bytes) {
      if (bytes.length > 0) observation.started = true;
    },
    end() {
      observation.complete = true;
    },
    get atBoundary() {
      return !observation.started;
    },
    arrayPosition: null,
  };
}

function parseObject(text: string): JsonObject | null {
  if (text[text.search(/\S/)] !== '{') return null;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
