// Translates a streamed answer of another format: bytes in, the caller's events out. All events of a chunk go out together, and only whole
// events, so that an error event can follow at any time.
import type { AnswerEdit } from '../../formats/answer-edit.ts';
import { isFailedEnd } from '../../formats/answer-end.ts';
import { FramingDetector } from '../../formats/framing-detector.ts';
import { errorName } from '../../formats/json-reader.ts';
import type { NeutralEvent, NeutralResponse } from '../../formats/neutral.ts';
import { errorEvent } from '../../formats/own-events.ts';
import { ResponseCollector } from '../../formats/response-of-events.ts';
import { createSseSplitter, type SseEvent } from '../../formats/sse.ts';
import type { AnswerContext, CallerFormat, EventReader, EventWriter } from '../../formats/wire-format.ts';
import { joinedBytes } from '../../lib/chunk-reader.ts';
import type { JsonObject } from '../../lib/json.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { Call } from '../call.ts';
import type { Edit } from '../response/rewriting-stream.ts';
import { cutAnswer } from '../upstream/upstream-errors.ts';

const encoder = new TextEncoder();
const nothing = new Uint8Array();

interface StreamParts {
  call: Call;
  caller: CallerFormat;
  context: AnswerContext;
  edit: AnswerEdit;
  reader: EventReader;
  /** Makes a stream of a whole answer that an upstream sent as a declared stream. Throws RelayError `upstream_error`. */
  streamOfWhole(text: string): string;
}

export class StreamTranslator implements Edit {
  private readonly splitter = createSseSplitter();
  private readonly detector = new FramingDetector();
  /** Null while it is not known. */
  private isObject: boolean | null = null;
  private readonly whole: Uint8Array[] = [];
  private readonly parts: StreamParts;
  private readonly writer: EventWriter;
  private saidAnything = false;
  /** The end or an error was written: nothing may follow it. */
  private isOver = false;
  private sawEnd = false;
  private failedEnd = false;

  constructor(parts: StreamParts) {
    this.parts = parts;
    this.writer = parts.caller.eventWriter(parts.context);
  }

  /** What could not be expressed in the answer so far. */
  get dropped(): readonly string[] {
    return this.writer.dropped;
  }

  /** An answer ended in a failure that the upstream did not report as an error. */
  get hasFailed(): boolean {
    return this.failedEnd;
  }

  /** The whole answer, if the caller's format repeats it at the end. */
  get finished(): JsonObject | null {
    return this.writer.finished ?? null;
  }

  push(bytes: Uint8Array): Uint8Array {
    this.isObject ??= this.isBareObject(bytes);
    if (this.isObject) this.whole.push(bytes.slice());
    return encoder.encode(this.isObject ? '' : this.said(this.splitter.push(bytes)));
  }

  private isBareObject(bytes: Uint8Array): boolean | null {
    const shape = this.detector.push(bytes);
    return shape === null ? null : shape === 'object';
  }

  /** Ends a cut stream with an error: the caller's terminator would mean that it is complete. */
  end(): Uint8Array {
    if (this.isObject) return encoder.encode(this.saidWhole());
    const rest = this.said(this.splitter.end());
    return encoder.encode(this.isOver ? rest : rest + this.ended(false));
  }

  private saidWhole(): string {
    const text = new TextDecoder().decode(joinedBytes(this.whole));
    const error = errorIn(text);
    try {
      const said = error === null ? this.parts.streamOfWhole(text) : this.errorEvent(error);
      this.isOver = true;
      return said;
    } catch (cause) {
      return this.errorEvent(cause instanceof RelayError ? cause : cutAnswer());
    }
  }

  /** The stream is broken off: an error event follows, and half an event is dropped. */
  rest(): Uint8Array {
    return nothing;
  }

  /** Returns the caller's error event at this position of the stream, or '' when it is over. */
  errorEvent(error: RelayError): string {
    if (this.isOver) return '';
    this.isOver = true;
    const { call, context } = this.parts;
    const position = this.saidAnything ? ('after-element' as const) : ('start' as const);
    const event = errorEvent(call.endpoint.format, error, {
      framing: context.framing,
      arrayPosition: context.framing === 'json-array' ? position : null,
      nextSequenceNumber: this.writer.nextSequenceNumber,
      requestId: call.requestId,
    });
    return event ?? '';
  }

  private said(events: readonly SseEvent[]): string {
    let text = '';
    for (const event of events) text += this.saidOf(event);
    return text;
  }

  private saidOf({ data, event }: SseEvent): string {
    if (this.isOver) return '';
    // After the terminator nothing counts.
    if (data === '[DONE]') return this.ended(true);
    const value = parsed(data);
    return value === null ? '' : this.written(this.parts.reader.read(value, event));
  }

  private ended(isWhole: boolean): string {
    const rest = this.written(this.parts.reader.end(isWhole));
    if (this.isOver) return rest;
    // A stream that ends at once is not an answer.
    const isAnswer = isWhole && !this.sawEnd && this.saidAnything;
    const last = isAnswer ? this.written([{ type: 'message-end' }]) : '';
    const end = this.sawEnd ? this.writer.end() : this.errorEvent(cutAnswer());
    this.isOver = true;
    return rest + last + end;
  }

  private written(events: readonly NeutralEvent[]): string {
    let text = '';
    for (const event of events) {
      for (const edited of this.parts.edit.event(event)) {
        if (this.isOver) return text;
        if (edited.type === 'message-end') this.sawEnd = true;
        text += this.writer.write(edited);
        if (edited.type === 'error') this.isOver = true;
        if (edited.type === 'candidate-end' && isFailedEnd(edited.stop)) this.failedEnd = true;
      }
    }
    if (text !== '') this.saidAnything = true;
    return text;
  }
}

function parsed(data: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : null;
  } catch {
    return null;
  }
}

/** Returns a bare error object in a body that was declared a stream, as Google sends errors. */
function errorIn(text: string): RelayError | null {
  const name = errorName(parsed(text) ?? {});
  return name === undefined ? null : new RelayError('upstream_error', `The model provider failed: ${name}.`);
}

/** Returns the whole answer of a stream. `isWhole`: its end was seen. */
export function responseOfStream(
  text: string,
  reader: EventReader,
): { response: NeutralResponse; isWhole: boolean } {
  const collector = new ResponseCollector();
  let isWhole = false;
  const add = (events: readonly NeutralEvent[]) => {
    for (const event of events) {
      if (event.type === 'message-end') isWhole = true;
      collector.add(event);
    }
  };
  const splitter = createSseSplitter();
  for (const { data, event } of [...splitter.push(encoder.encode(text)), ...splitter.end()]) {
    if (data === '[DONE]') isWhole = true;
    const value = parsed(data);
    if (value !== null) add(reader.read(value, event));
  }
  add(reader.end(isWhole));
  return { response: collector.response, isWhole };
}
