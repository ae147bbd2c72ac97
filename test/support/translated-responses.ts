// Reading of recordings by their own format, and writing and reading back of responses, for the tests over all
// formats.
import { isObject } from '../../src/formats/json-reader.ts';
import type { NeutralCandidate, NeutralEvent } from '../../src/formats/neutral.ts';
import { emptyRequest } from '../../src/formats/request-fields.ts';
import { createSseSplitter } from '../../src/formats/sse.ts';
import type { AnswerContext, ConversationFormat, EventWriter } from '../../src/formats/wire-format.ts';
import type { JsonObject } from '../../src/lib/json.ts';
import { type Collected, collectEvents } from './collect-events.ts';
import type { Fixture } from './fixtures.ts';
import { type CandidateContent, parsedArguments } from './recorded-content.ts';

/** Returns a recorded stream's events, with its bytes in these pieces. */
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

/** Returns the events of a recorded stream: SSE, or Gemini's array. */
export function readEvents(
  format: Pick<ConversationFormat, 'eventReader'>,
  { meta, bytes }: Fixture,
): NeutralEvent[] {
  if (meta.response_file.endsWith('.sse')) return readStream(format, [bytes]);
  const reader = format.eventReader();
  const elements = JSON.parse(new TextDecoder().decode(bytes)) as JsonObject[];
  return [...elements.flatMap((element) => reader.read(element, undefined)), ...reader.end()];
}

/** Returns a recorded response in neutral form, streamed or not. */
export function parseRecording(format: ConversationFormat, fixture: Fixture): Collected {
  if (isStream(fixture)) return collectEvents(readEvents(format, fixture));
  const response = format.readResponse(JSON.parse(new TextDecoder().decode(fixture.bytes)));
  return { ...response, whole: response.error === null };
}

/** Reports whether the recording is a stream, as events or as an array. */
export function isStream({ meta, bytes }: Fixture): boolean {
  return meta.response_file.endsWith('.sse') || bytes[0] === 0x5b;
}

/** Returns a writer's context: a caller that requests usage and has no other options. */
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

/** Returns everything that a writer sends for a stream. */
export function writeStream(writer: EventWriter, events: readonly NeutralEvent[]): string {
  return events.map((event) => writer.write(event)).join('') + writer.end();
}

/** Returns a neutral candidate's content, in the form of recorded-content.ts. */
export function contentIn({ parts, stop }: NeutralCandidate): CandidateContent {
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
