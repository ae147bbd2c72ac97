// Recordings read by their own format, and answers written and read again: what the tests over all formats share.
import { isObject } from '../../src/formats/json-reader.ts';
import type { NeutralCandidate, NeutralEvent } from '../../src/formats/neutral.ts';
import { emptyRequest } from '../../src/formats/request-fields.ts';
import { createSseSplitter } from '../../src/formats/sse.ts';
import type { AnswerContext, ConversationFormat, EventWriter } from '../../src/formats/wire-format.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Collected, collectEvents } from './collect-events.ts';
import type { Fixture } from './fixtures.ts';
import { parsedArguments, type Told } from './told.ts';

/** A recorded stream's events, its bytes cut as given. */
export function readStream(
  format: Pick<ConversationFormat, 'eventReader'>,
  pieces: readonly Uint8Array[],
): NeutralEvent[] {
  const splitter = createSseSplitter();
  const reader = format.eventReader();
  const events: NeutralEvent[] = [];
  let isWhole = false;
  const read = (items: ReturnType<typeof splitter.push>) => {
    for (const { data, event } of items) {
      isWhole ||= data === '[DONE]';
      const value: unknown = data.startsWith('{') ? JSON.parse(data) : null;
      if (isObject(value)) events.push(...reader.read(value, event));
    }
  };
  for (const piece of pieces) read(splitter.push(piece));
  read(splitter.end());
  events.push(...reader.end(isWhole));
  return events;
}

/** The events of a recorded stream: SSE, or Gemini's array. */
export function readEvents(
  format: Pick<ConversationFormat, 'eventReader'>,
  { meta, bytes }: Fixture,
): NeutralEvent[] {
  if (meta.response_file.endsWith('.sse')) return readStream(format, [bytes]);
  const reader = format.eventReader();
  const elements = JSON.parse(new TextDecoder().decode(bytes)) as JsonObject[];
  return [...elements.flatMap((element) => reader.read(element, undefined)), ...reader.end()];
}

/** A recorded answer in the neutral form, however it came. */
export function readAnswer(format: ConversationFormat, fixture: Fixture): Collected {
  if (isStream(fixture)) return collectEvents(readEvents(format, fixture));
  const response = format.readResponse(JSON.parse(new TextDecoder().decode(fixture.bytes)));
  return { ...response, whole: response.error === null };
}

/** Whether the recording is a stream, as events or as an array. */
export function isStream({ meta, bytes }: Fixture): boolean {
  return meta.response_file.endsWith('.sse') || bytes[0] === 0x5b;
}

/** A context for writers: a caller who asked for nothing in particular, and for usage. */
export function contextOf(overrides: Partial<AnswerContext> = {}): AnswerContext {
  return {
    request: emptyRequest('the-model', true, 'openai-chat'),
    body: { model: 'the-model', stream: true, stream_options: { include_usage: true } },
    model: 'the-model',
    answerId: 'a1b2c3',
    nowSeconds: 1_764_000_000,
    framing: 'sse',
    isKept: false,
    ...overrides,
  };
}

/** All that a writer makes of a stream. */
export function writeStream(writer: EventWriter, events: readonly NeutralEvent[]): string {
  return events.map((event) => writer.write(event)).join('') + writer.end();
}

/** What a neutral candidate says, in the terms of told.ts. */
export function toldIn({ parts, stop }: NeutralCandidate): Told {
  const textsOf = (type: 'text' | 'refusal') =>
    parts.flatMap((part) => (part.type === type ? [part.text] : [])).join('');
  return {
    text: textsOf('text'),
    refusal: textsOf('refusal'),
    reasoning: parts
      .flatMap((part) => (part.type === 'reasoning' ? (part.paragraphs ?? [part.text]) : []))
      .join(''),
    calls: parts.flatMap((part) => {
      if (part.type !== 'tool-call') return [];
      return [{ name: part.name, arguments: part.custom ? part.arguments : parsedArguments(part.arguments) }];
    }),
    stop: stop.reason,
  };
}
