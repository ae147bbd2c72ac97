// Checks the beginning of an answer: an upstream that opens with 200 and then reports an error, or sends nothing, has not answered.
import { type BodyShape, FramingDetector, shapeOfBytes } from '../../formats/framing-detector.ts';
import { createRawSseSplitter, type RawSseBlock } from '../../formats/sse.ts';
import { ChunkReader, joinedBytes } from '../../lib/chunk-reader.ts';
import { withTimer } from '../../lib/deadline-timer.ts';
import {
  type AnswerFault,
  brokenAnswer,
  errorBodyBytes,
  faultOfBody,
  faultOfEvent,
  isPage,
  noAnswer,
  pageCharacters,
} from './answer-error.ts';
import type { UpstreamResponse } from './sent.ts';

/** A body with bytes but neither an event nor a whole error is passed on after this: comments keep callers waiting. */
export const firstEventMs = 5_000;

/** What is expected of a body. */
interface ExpectedStart {
  /** For any byte of it to come. */
  firstByteMs: number;
  /** It is declared a stream of events. Another body is read as one only if it begins as one. */
  isEvents: boolean;
  /** The caller wants a stream: an array is passed on as soon as it does not begin with an error. */
  isStream: boolean;
}

/** Checks a branch of the body; the caller's branch is not touched. `bytes`: the whole body, if it has arrived meanwhile. */
export async function checkStart(
  response: Response,
  expected: ExpectedStart,
): Promise<UpstreamResponse & { fault: AnswerFault | null }> {
  if (response.body === null) return { response, bytes: null, fault: null };
  const [body, branch] = response.body.tee();
  const reader = new ChunkReader(branch);
  const start = new AnswerStart(expected);
  const fault = await faultWithin(reader, start, expected.firstByteMs);
  await reader.cancel();
  const bytes = start.wholeBody();
  if (bytes === null) return { response: new Response(body, response), bytes, fault };
  await body.cancel().catch(() => undefined);
  return { response, bytes, fault };
}

/** Returns the fault of a whole body, or null. */
export function faultOfWhole(bytes: Uint8Array<ArrayBuffer>): AnswerFault | null {
  if (shapeOfBytes(bytes) !== 'sse') return faultOfBody(bytes);
  const splitter = newSplitter();
  const first = [...splitter.push(bytes), ...splitter.end()].find(isEvent);
  return first === undefined ? noAnswer('an empty stream') : faultOfBlock(first);
}

async function faultWithin(
  reader: ChunkReader,
  start: AnswerStart,
  firstByteMs: number,
): Promise<AnswerFault | null> {
  const received = Promise.withResolvers<true>();
  const finding = firstFault(reader, start, () => received.resolve(true)).then((fault) => ({ fault }));
  const isHeard = await withTimer(Promise.race([received.promise, finding]), firstByteMs);
  if (isHeard === null) return noAnswer('upstream_timeout', 'upstream_timeout');
  return (await withTimer(finding, firstEventMs))?.fault ?? null;
}

/** Reads until the body has shown what it is. */
async function firstFault(
  reader: ChunkReader,
  start: AnswerStart,
  received: () => void,
): Promise<AnswerFault | null> {
  try {
    for (let bytes = await reader.read(); bytes !== null; bytes = await reader.read()) {
      received();
      const verdict = start.push(bytes);
      if (verdict !== null) return verdict.fault;
    }
    return start.end();
  } catch {
    return brokenAnswer();
  }
}

/** The verdict by the first bytes, or null if more are needed. */
type Verdict = { fault: AnswerFault | null } | null;

const sound: Verdict = { fault: null };

/** Reads a body piece by piece, and reports its fault as soon as that is known. */
export class AnswerStart {
  private readonly detector = new FramingDetector();
  private readonly splitter = newSplitter();
  private held: Uint8Array<ArrayBuffer>[] = [];
  private uploadMemory = 0;
  private shape: BodyShape | null = null;
  private readonly isEvents: boolean;
  private readonly isStream: boolean;
  private hasEnded = false;

  constructor({ isEvents, isStream }: ExpectedStart) {
    this.isEvents = isEvents;
    this.isStream = isStream;
  }

  push(bytes: Uint8Array): Verdict {
    if (this.shape === 'sse') return this.pushEvents(bytes);
    // The bytes are the caller's only until the next read.
    this.held.push(bytes.slice());
    this.uploadMemory += bytes.byteLength;
    this.shape ??= this.shapeOf(this.detector.push(bytes));
    if (this.shape === null) return null;
    if (this.shape !== 'sse') return this.judgeHeld(this.shape);
    const held = joinedBytes(this.held);
    this.held = [];
    return this.pushEvents(held);
  }

  /** The body has ended. */
  end(): AnswerFault | null {
    this.hasEnded = true;
    if (this.shape === null && this.isEvents) return noAnswer('an empty stream');
    if (this.shape !== 'sse') return faultOfWhole(joinedBytes(this.held));
    const rest = this.splitter.end().find(isEvent);
    return rest === undefined ? noAnswer('an empty stream') : faultOfBlock(rest);
  }

  /** Returns all of a body that has ended and is not a stream of events, else null. */
  wholeBody(): Uint8Array<ArrayBuffer> | null {
    return this.hasEnded && this.shape !== 'sse' ? joinedBytes(this.held) : null;
  }

  /** A JSON array is not a stream of events, even when it is declared as one. */
  private shapeOf(shape: BodyShape | null): BodyShape | null {
    return shape !== null && shape !== 'array' && this.isEvents ? 'sse' : shape;
  }

  private pushEvents(bytes: Uint8Array): Verdict {
    const first = this.splitter.push(bytes).find(isEvent);
    return first === undefined ? null : { fault: faultOfBlock(first) };
  }

  private judgeHeld(shape: BodyShape): Verdict {
    if (this.uploadMemory > errorBodyBytes) return sound;
    if (shape === 'object') return null;
    if (shape === 'array' && !this.isStream) return null;
    const text = new TextDecoder().decode(joinedBytes(this.held)).trimStart();
    if (shape === 'array') return errorInArray.test(text) || text.length < pageCharacters ? null : sound;
    if (text.length < pageCharacters && text.startsWith('<')) return null;
    return isPage(text) ? { fault: noAnswer('a web page') } : sound;
  }
}

/** Gemini's error in a stream that is an array of JSON. */
const errorInArray = /^\[\s*\{\s*"error"/;

function newSplitter() {
  return createRawSseSplitter({ maximumEventCharacters: 64 * 1024 });
}

function faultOfBlock({ data, event, raw }: RawSseBlock): AnswerFault | null {
  return faultOfEvent(data ?? raw, event);
}

/** Comments, blank lines and Anthropic's pings are not events; bare JSON within a stream is one (Google's errors). */
function isEvent({ data, event, raw }: RawSseBlock): boolean {
  return (data !== null && event !== 'ping') || (data === null && raw.trimStart().startsWith('{'));
}
