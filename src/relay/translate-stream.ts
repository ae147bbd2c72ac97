// A streamed answer of another format on its way to the caller: bytes in, the caller's events out. Everything of a
// gulp goes out together, and always whole events, so that an error event can follow at any time.
import type { AnswerEdit } from '../formats/answer-edit.ts';
import { errorEvent } from '../formats/error-event.ts';
import type { NeutralEvent } from '../formats/neutral.ts';
import type { JsonObject } from '../formats/observation.ts';
import { createSseSplitter, type SseEvent } from '../formats/sse.ts';
import type { AnswerContext, EventReader, EventWriter } from '../formats/translation.ts';
import type { CallerFormat } from '../formats/translations.ts';
import type { RelayError } from '../lib/relay-error.ts';
import type { Call } from './call.ts';
import type { Edit } from './pump.ts';
import { cutAnswer } from './stream-task.ts';

const encoder = new TextEncoder();
const nothing = new Uint8Array();

export interface StreamParts {
  call: Call;
  caller: CallerFormat;
  context: AnswerContext;
  edit: AnswerEdit;
  reader: EventReader;
}

export class StreamTranslator implements Edit {
  private readonly splitter = createSseSplitter();
  private readonly parts: StreamParts;
  private readonly writer: EventWriter;
  private saidAnything = false;
  /** The end, or an error, was told: nothing may follow it. */
  private isOver = false;
  private sawEnd = false;

  constructor(parts: StreamParts) {
    this.parts = parts;
    this.writer = parts.caller.eventWriter(parts.context);
  }

  /** What the answer could not say so far. */
  get dropped(): readonly string[] {
    return this.writer.dropped;
  }

  /** The whole answer, where the caller's format tells it at the end. */
  get finished(): JsonObject | null {
    return this.writer.finished ?? null;
  }

  push(bytes: Uint8Array): Uint8Array {
    return encoder.encode(this.said(this.splitter.push(bytes)));
  }

  /** A stream that was cut is told as an error: the caller's terminator would say that it is whole. */
  end(): Uint8Array {
    const rest = this.said(this.splitter.end());
    return encoder.encode(this.isOver ? rest : rest + this.ended(false));
  }

  /** The stream is broken off: the error event says so, and half an event says nothing. */
  rest(): Uint8Array {
    return nothing;
  }

  /** The caller's error event for where the stream stands; '' when it is over already. */
  errorEvent(error: RelayError): string {
    if (this.isOver) return '';
    this.isOver = true;
    const { call, context } = this.parts;
    const position = this.saidAnything ? ('after-element' as const) : ('start' as const);
    const event = errorEvent(call.endpoint.kind, error, {
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
    // Whoever says so has told all, whatever may follow.
    if (data === '[DONE]') return this.ended(true);
    const value = parsed(data);
    return value === null ? '' : this.written(this.parts.reader.read(value, event));
  }

  private ended(isWhole: boolean): string {
    const rest = this.written(this.parts.reader.end());
    if (this.isOver) return rest;
    const last = isWhole && !this.sawEnd ? this.written([{ type: 'message-end' }]) : '';
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
