// Bytes to parsed events, one framing each; the formats' observers see only values. Owns the limits.

import type { JsonObject } from '../lib/json.ts';
import { errorTextOf } from './error-text.ts';
import { type BodyShape, FramingDetector } from './framing-detector.ts';
import { type ArrayPosition, createJsonArraySplitter } from './json-array.ts';
import { isObject } from './json-reader.ts';
import { createJsonSkeleton } from './json-skeleton.ts';
import type { Framing, Observation, WireObserver } from './observation.ts';
import { createRawSseSplitter, type RawSseBlock } from './sse.ts';

/** What one meter may hold. A larger event is skipped, and a larger body has no usage, rather than a wrong one. */
const framingLimits = {
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
  /** What the body is read as; the declared one as long as nothing has come. */
  readonly framing: Framing;
}

/**
 * Does the same as {@link createFraming}, but the first bytes decide for a body that is not declared as an event
 * stream: events are read as events, and JSON that was not declared as JSON is read as `jsonFraming`.
 */
export function detectFraming(
  declared: Framing,
  jsonFraming: 'json' | 'json-array',
  observer: WireObserver,
  observation: Observation,
): Frames {
  const detector = new FramingDetector();
  const make = (framing: Framing) => createFraming(framing, observer, observation);
  let decided: Frames | null = null;
  let held: Uint8Array[] = [];
  const decide = (shape: BodyShape): Frames => {
    const frames = make(framingOf(shape, declared, jsonFraming));
    for (const bytes of held) frames.push(bytes);
    held = [];
    return frames;
  };
  const undecided = make(declared);
  return {
    push(bytes) {
      if (decided !== null) return decided.push(bytes);
      const shape = detector.push(bytes);
      // Blanks at the front are few, and the bytes are the caller's only until the next push.
      held.push(bytes.slice());
      if (shape !== null) decided = decide(shape);
    },
    end() {
      decided ??= decide(detector.end());
      decided.end();
    },
    get atBoundary() {
      return (decided ?? undecided).atBoundary;
    },
    get arrayPosition() {
      return (decided ?? undecided).arrayPosition;
    },
    get framing() {
      return decided?.framing ?? declared;
    },
  };
}

function framingOf(shape: BodyShape, declared: Framing, jsonFraming: 'json' | 'json-array'): Framing {
  if (shape === 'sse') return 'sse';
  return shape !== 'other' && declared === 'opaque' ? jsonFraming : declared;
}

/** Returns the framing that feeds `observer`, which writes to `observation`. */
export function createFraming(framing: Framing, observer: WireObserver, observation: Observation): Frames {
  switch (framing) {
    case 'sse':
      return sseFrames(observer, observation);
    case 'json':
      return jsonFrames(observer, observation);
    case 'json-array':
      return arrayFrames(observer, observation);
    case 'opaque':
      return opaqueFrames(observer, observation);
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
      if (value !== null) countEvent(observation, value);
      if (observation.usage !== null && observation.error === null) observation.complete ||= value !== null;
      if (value === null) readLoose(block.raw, observer, observation);
    } else if (value !== null) {
      observer.event(observation, value, block.event);
      if (block.event !== 'ping') countEvent(observation, value);
    } else if (block.data.trim() === '[DONE]') observation.complete = true;
    else observation.unreadBytes += block.data.length;
  };
  return {
    push: (bytes) => splitter.push(bytes).forEach(take),
    end: () => splitter.end().forEach(take),
    get atBoundary() {
      return splitter.atBoundary;
    },
    arrayPosition: null,
    framing: 'sse',
  };
}

/** Counts an event, after it was read. */
function countEvent(observation: Observation, value: JsonObject): void {
  observation.events += 1;
  readErrorText(observation, value);
  if (observation.events === 1 && observation.error !== null) observation.beganWithError = true;
}

/** Takes the text of the first error from the value that has it. */
function readErrorText(observation: Observation, value: JsonObject): void {
  if (observation.error !== null) observation.errorText ??= errorTextOf(value);
}

/** Reads text in an event stream that is neither an event nor an object: Gemini's array, or nothing readable. */
function readLoose(raw: string, observer: WireObserver, observation: Observation): void {
  const values = parseArray(raw);
  for (const value of values ?? []) {
    observer.event(observation, value, undefined);
    countEvent(observation, value);
  }
  const isComment = raw
    .split(/[\r\n]+/)
    .every((line) => line === '' || line.startsWith(':') || isField.test(line));
  if (values === null && !isComment) observation.unreadBytes += raw.length;
}

/** Fields of an event that has no data. */
const isField = /^\uFEFF?(event|id|retry)(:|$)/;

function jsonFrames(observer: WireObserver, observation: Observation): Frames {
  const skeleton = createJsonSkeleton(framingLimits.maximumSkeletonBytes);
  let read = false;
  let isUnderstood = false;
  const readOnce = (): void => {
    if (read || !skeleton.closed) return;
    read = true;
    const value = skeleton.value();
    if (value === null) return;
    isUnderstood = true;
    observation.unreadBytes = 0;
    observation.complete = true;
    // Gemini's stream as an array, from an upstream that should answer one object.
    for (const one of (Array.isArray(value) ? value : [value]).filter(isObject)) {
      observer.body(observation, one);
      readErrorText(observation, one);
    }
  };
  return {
    push(bytes) {
      // Until the value is whole, nothing of it is read.
      if (!isUnderstood) observation.unreadBytes += bytes.length;
      skeleton.push(bytes);
      readOnce();
    },
    end: readOnce,
    get atBoundary() {
      return !skeleton.begun;
    },
    arrayPosition: null,
    framing: 'json',
  };
}

function arrayFrames(observer: WireObserver, observation: Observation): Frames {
  const splitter = createJsonArraySplitter(framingLimits.maximumEventCharacters);
  const take = (text: string): void => {
    const value = parseObject(text);
    if (value === null) observation.unreadBytes += text.length;
    else {
      observer.event(observation, value, undefined);
      countEvent(observation, value);
    }
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
    framing: 'json-array',
  };
}

function opaqueFrames(observer: WireObserver, observation: Observation): Frames {
  return {
    push(bytes) {
      if (bytes.length > 0) observation.started = true;
      if (observer.bytes === undefined) observation.unreadBytes += bytes.length;
      else observer.bytes(observation, bytes);
    },
    end() {
      observation.complete = true;
    },
    get atBoundary() {
      return !observation.started;
    },
    arrayPosition: null,
    framing: 'opaque',
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

function parseArray(text: string): JsonObject[] | null {
  if (text[text.search(/\S/)] !== '[') return null;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter(isObject) : null;
  } catch {
    return null;
  }
}
