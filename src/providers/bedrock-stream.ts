// Converts the body of InvokeModelWithResponseStream to Anthropic's server-sent events. Frames are AWS's event
// stream, decoded and checked by @smithy/eventstream-codec: a wrong checksum or a truncated frame breaks the
// stream. https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream (the
// framing) and https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ResponseStream.html (the
// events), 2026-11.
import { EventStreamCodec } from '@smithy/eventstream-codec';
import { writeErrorBody } from '../formats/anthropic-messages/errors.ts';
import { crc32OfBytes } from '../lib/crc32.ts';
import { type Rewritten, rewrittenStream } from '../lib/rewritten-stream.ts';

/** A frame has at most 16 MiB of payload and 128 KiB of headers, besides its own 16 bytes. */
const maximumFrameBytes = 16 * 1024 * 1024 + 128 * 1024 + 16;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const codec = new EventStreamCodec(
  (bytes) => decoder.decode(bytes as Uint8Array),
  (text) => encoder.encode(text),
);

type Message = ReturnType<EventStreamCodec['decode']>;

/** Breaks where the body breaks, and where a frame does not match its checksums. */
export function sseOfEventStream(body: ReadableStream): Rewritten {
  const frames = new Frames();
  return rewrittenStream(body, {
    push: (bytes, emit) => {
      frames.push(bytes);
      for (let frame = frames.next(); frame !== null; frame = frames.next()) emit(sseOf(frame));
    },
    end: () => {
      if (frames.isWithin) throw new Error('the event stream ended within a frame');
    },
  });
}

/** Splits bytes into frames, wherever chunks begin and end. */
class Frames {
  private pending = new Uint8Array(0);

  push(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.pending.byteLength + bytes.byteLength);
    joined.set(this.pending);
    joined.set(bytes, this.pending.byteLength);
    this.pending = joined;
  }

  get isWithin(): boolean {
    return this.pending.byteLength > 0;
  }

  /**
   * Returns the next whole frame, or null if there is none yet. Throws for a frame that does not match its
   * checksums.
   */
  next(): Message | null {
    const { pending } = this;
    if (pending.byteLength < preludeBytes) return null;
    const length = frameLength(pending);
    if (pending.byteLength < length) return null;
    this.pending = pending.subarray(length);
    return codec.decode(pending.subarray(0, length));
  }
}

/** The frame's length, the headers' length, and the checksum of both. */
const preludeBytes = 12;

/** Checked before use: a wrong length would swallow everything that follows. */
function frameLength(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, preludeBytes);
  if (crc32OfBytes(bytes.subarray(0, 8)) !== view.getUint32(8)) {
    throw new Error('the checksum of a frame’s prelude does not fit');
  }
  const length = view.getUint32(0);
  if (length > maximumFrameBytes) throw new Error(`a frame of ${length} bytes`);
  return length;
}

function sseOf({ headers, body }: Message): string {
  const header = (name: string) => String(headers[name]?.value ?? '');
  const text = decoder.decode(body);
  switch (header(':message-type')) {
    case 'event':
      return header(':event-type') === 'chunk' ? sseOfChunk(text) : '';
    case 'exception':
      return sseOfError(header(':exception-type'), messageIn(text));
    case 'error':
      return sseOfError(header(':error-code'), header(':error-message'));
    default:
      return '';
  }
}

/** A chunk's `bytes` are one event of a Messages stream. */
function sseOfChunk(payload: string): string {
  const { bytes } = JSON.parse(payload) as { bytes?: unknown };
  if (typeof bytes !== 'string') return '';
  const json = decoder.decode(Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0)));
  const event = JSON.parse(json) as Record<string, unknown>;
  return `event: ${event.type}\ndata: ${metricsKey in event ? withoutMetrics(event) : json}\n\n`;
}

/**
 * Bedrock's own counts and latencies, in the last event: not part of the format, and about the operator's
 * account.
 */
const metricsKey = 'amazon-bedrock-invocationMetrics';

function withoutMetrics({ [metricsKey]: _, ...event }: Record<string, unknown>): string {
  return JSON.stringify(event);
}

/** Maps the exception's name to the status that it would have had before the stream began. */
const statuses: Readonly<Record<string, number>> = {
  throttlingException: 429,
  validationException: 400,
  modelTimeoutException: 504,
  serviceUnavailableException: 503,
};

function sseOfError(type: string, message: string): string {
  const status = statuses[type] ?? 500;
  const error = { status, message: message || type || 'The model provider broke off.' };
  const body = writeErrorBody({ ...error, type: null, code: null, param: null });
  return `event: error\ndata: ${JSON.stringify(body)}\n\n`;
}

function messageIn(payload: string): string {
  try {
    const { message } = JSON.parse(payload) as { message?: unknown };
    return typeof message === 'string' ? message : '';
  } catch {
    return '';
  }
}
