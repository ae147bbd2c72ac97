// Every recorded answer of every format: read by its own reader, written by every other format's writer as that
// format's caller would get it, and read back by that format's reader: the same text, calls, thoughts, end and
// usage, streamed and not.
import { describe, expect, it } from 'vitest';
import { isFailedEnd, withKnownEnds } from '../../../src/formats/answer-end.ts';
import { anthropicMessages } from '../../../src/formats/anthropic-messages/index.ts';
import { eventsOfResponse } from '../../../src/formats/events-of-response.ts';
import { geminiGenerate } from '../../../src/formats/gemini-generate/index.ts';
import { isObject } from '../../../src/formats/json-reader.ts';
import type { NeutralCandidate, NeutralResponse, StopReason } from '../../../src/formats/neutral.ts';
import { openaiChat } from '../../../src/formats/openai-chat/index.ts';
import { openaiResponses } from '../../../src/formats/openai-responses/index.ts';
import { emptyUsage, type Usage } from '../../../src/formats/usage.ts';
import type { ConversationFormat } from '../../../src/formats/wire-format.ts';
import { collectEvents } from '../../support/collect-events.ts';
import { allFixtures, type Fixture, haveFixtures, kindOf, sayWhenLeftOut } from '../../support/fixtures.ts';
import type { ConversationId } from '../../support/formats.ts';
import type { Told } from '../../support/told.ts';
import {
  contextOf,
  isStream,
  readAnswer,
  readEvents,
  readStream,
  toldIn,
  writeStream,
} from '../../support/translated-answers.ts';

sayWhenLeftOut();

/** What a format's answers can say, and how its own conventions make others of what they cannot. */
interface Column {
  name: ConversationId;
  format: ConversationFormat;
  /** Several answers in one. */
  candidates: boolean;
  /** How an end comes back that the format has no word for; absent: as it was. */
  stops: Partial<Record<StopReason, StopReason>>;
  /** Has a member of its own for words of refusal; elsewhere they are the answer's text. */
  refusals: boolean;
  /** Arguments are JSON objects: of a cut one the whole members are kept, a custom tool's text is put in as `input`. */
  objectArguments: boolean;
  /** They are streamed as they come, cut ones too. */
  streamsArguments?: boolean;
  /** A refused prompt is an answer without a candidate; elsewhere an empty one that was filtered. */
  promptBlocks: boolean;
  /** Clients expect counts in every answer: none is told as zeros. */
  zeroUsage: boolean;
  /** Counts that its usage object keeps. */
  usage: readonly (keyof Usage)[];
}

const counts = ['inputTokens', 'cachedTokens', 'outputTokens', 'reasoningTokens'] as const;

/** All formats; the one place to add another. */
const columns: readonly Column[] = [
  {
    name: 'openai-chat',
    format: openaiChat,
    candidates: true,
    refusals: true,
    objectArguments: false,
    promptBlocks: false,
    zeroUsage: false,
    stops: {
      'stop-sequence': 'stop',
      'context-length': 'length',
      pause: 'stop',
      'malformed-tool-call': 'error',
      // Without a word of its own it is a filter's.
      refusal: 'content-filter',
      unknown: 'error',
    },
    usage: [...counts, 'cacheWriteTokens', 'inputAudioTokens', 'outputAudioTokens', 'webSearches'],
  },
  {
    name: 'openai-responses',
    format: openaiResponses,
    candidates: false,
    refusals: true,
    objectArguments: false,
    promptBlocks: false,
    zeroUsage: false,
    stops: {
      'stop-sequence': 'stop',
      'context-length': 'length',
      pause: 'stop',
      'malformed-tool-call': 'error',
      // Without a word of its own it is a filter's.
      refusal: 'content-filter',
      unknown: 'error',
    },
    usage: [...counts, 'cacheWriteTokens', 'inputAudioTokens'],
  },
  {
    name: 'anthropic-messages',
    format: anthropicMessages,
    candidates: false,
    refusals: false,
    objectArguments: true,
    promptBlocks: false,
    zeroUsage: true,
    // No word of the format says that an answer failed; the relay answers with an error.
    stops: { 'content-filter': 'refusal', 'malformed-tool-call': 'unknown', error: 'unknown' },
    usage: [...counts, 'cacheWriteTokens', 'cacheWrite1hTokens', 'webSearches'],
  },
  {
    name: 'gemini-generate',
    format: geminiGenerate,
    candidates: true,
    refusals: false,
    objectArguments: true,
    promptBlocks: true,
    zeroUsage: false,
    stops: {
      'stop-sequence': 'stop',
      'context-length': 'length',
      pause: 'stop',
      refusal: 'content-filter',
      unknown: 'error',
    },
    usage: [...counts, 'inputAudioTokens', 'inputImageTokens', 'outputAudioTokens', 'outputImageTokens'],
  },
];

const cases = allFixtures()
  .filter(({ meta }) => meta.method === 'POST' && meta.status === 200 && !/responses-sub/.test(meta.endpoint))
  .filter(({ name }) => !/groq-transcription|vercel-azure-deepseek-reasoning/.test(name))
  .filter((fixture) => columnOf(fixture) !== undefined);

function columnOf(fixture: Fixture): Column | undefined {
  return columns.find(({ name }) => name === kindOf(fixture));
}

/** What the source says, in what the target can say. */
function sayable({ candidates, promptBlock }: NeutralResponse, to: Column): Told[] {
  const kept = to.candidates ? candidates : candidates.slice(0, 1);
  if (kept.length === 0 && promptBlock !== null && !to.promptBlocks) return [refusedPrompt(promptBlock, to)];
  return kept.map((candidate) => {
    const told = toldIn(candidate);
    return inWordsOf(
      {
        ...told,
        text: textIn(candidate, told, to),
        refusal: refusalIn(candidate, told, to),
        stop: stopIn(told, to),
      },
      to,
    );
  });
}

/** What is spoken is read where there is no sound. */
function textIn({ parts }: NeutralCandidate, { text }: Told, { name }: Column): string {
  if (name !== 'anthropic-messages') return text;
  return text + parts.map((part) => (part.type === 'media' ? (part.transcript ?? '') : '')).join('');
}

/** What a filter says of itself is a refusal where its end has no room for words. */
function refusalIn({ stop }: NeutralCandidate, { refusal }: Told, { refusals }: Column): string {
  const isFiltered = stop.reason === 'refusal' || stop.reason === 'content-filter';
  return refusals && isFiltered && refusal === '' ? (stop.message ?? '') : refusal;
}

function inWordsOf(told: Told, to: Column): Told {
  const { text, refusal, calls } = told;
  return {
    ...told,
    ...(!to.refusals && { text: text + refusal, refusal: '' }),
    calls: to.objectArguments
      ? calls.map((call) => ({
          ...call,
          arguments: objectOf(call.arguments, to),
        }))
      : calls,
  };
}

function objectOf(value: unknown, { streamsArguments }: Column): unknown {
  if (isObject(value)) return value;
  const isCut = typeof value === 'string' && value.startsWith('{');
  if (!isCut) return { input: value };
  return streamsArguments ? value : expect.any(Object);
}

function refusedPrompt({ reason, message }: NonNullable<NeutralResponse['promptBlock']>, to: Column): Told {
  const said = message ?? `The prompt was refused: ${reason}.`;
  const nothing = { text: '', reasoning: '', calls: [] };
  const stop = to.stops['content-filter'] ?? 'content-filter';
  return { ...nothing, refusal: to.refusals ? said : '', stop };
}

/** An end of tool calls is one wherever there are calls: the next turn depends on it. */
function stopIn({ stop, calls, refusal }: Told, { stops, refusals }: Column): StopReason | null {
  const hasWords = stop === 'refusal' && refusals && refusal !== '';
  const written = (stop && !hasWords && stops[stop]) || stop;
  if (written === 'stop' && calls.length > 0) return 'tool-calls';
  return written === 'stop' && refusals && refusal !== '' ? 'refusal' : written;
}

function usageIn(usage: Usage | null, { usage: fields, zeroUsage }: Column): Partial<Usage> | null {
  const counted = usage ?? (zeroUsage ? emptyUsage() : null);
  return counted && Object.fromEntries(fields.map((field) => [field, counted[field]]));
}

/** Paragraphs of thoughts are told apart by an empty line where a format has only one text. */
function joined(told: Told[]): Told[] {
  return told.map((one) => ({ ...one, reasoning: one.reasoning.replace(/\n\n/g, '') }));
}

function compare(back: NeutralResponse, source: NeutralResponse, to: Column): void {
  expect(joined(back.candidates.map(toldIn))).toEqual(joined(sayable(source, to)));
  expect(usageIn(back.usage, to)).toEqual(usageIn(source.usage, to));
}

/** A caller that wants to see thoughts. */
const wish = { effort: 'high', budgetTokens: undefined, includeThoughts: true, summary: undefined } as const;
const context = contextOf({ request: { ...contextOf().request, reasoning: wish } });

describe.skipIf(!haveFixtures)('recorded responses translated to every other format', () => {
  const pairs = columns.flatMap((from) =>
    columns.filter((to) => to !== from).map((to) => [from, to] as const),
  );

  describe.each(pairs.map(([from, to]) => [from.name, to.name, from, to] as const))(
    '%s to %s',
    (_, __, from, to) => {
      const sources = cases.filter((fixture) => columnOf(fixture) === from);
      const read = (fixture: Fixture) => readAnswer(from.format, fixture);

      it.each(sources.map((fixture) => [fixture.name, fixture] as const))(
        '%s translates as a whole response',
        (_, fixture) => {
          const source = read(fixture);
          const { body } = to.format.writeResponse(source, context);
          const back = to.format.readResponse(body);
          if (source.error) expect(back.error?.message).toContain(source.error.message);
          else compare(back, source, to);
        },
      );

      it.each(sources.map((fixture) => [fixture.name, fixture] as const))(
        '%s translates as a stream',
        (_, fixture) => {
          const source = read(fixture);
          const events = isStream(fixture) ? readEvents(from.format, fixture) : eventsOfResponse(source);
          const text = writeStream(to.format.eventWriter(context), events);
          const back = collectEvents(readStream(to.format, [new TextEncoder().encode(text)]));
          if (source.error) expect(back.error?.message).toContain(source.error.message);
          else if (!source.whole) expect(back.whole).toBe(false);
          else if (to.name !== 'gemini-generate' && source.candidates.some(({ stop }) => isFailedEnd(stop)))
            expect(back.error?.message).toMatch(/\w/);
          else {
            expect(back.whole).toBe(true);
            // Arguments are streamed as they come, broken ones too, where the format streams them.
            compare(back, source, to.name === 'anthropic-messages' ? { ...to, streamsArguments: true } : to);
          }
        },
      );
    },
  );

  it('every format reads back its own responses, streamed and whole', () => {
    for (const to of columns) {
      for (const fixture of cases) {
        const from = columnOf(fixture);
        if (from === undefined) continue;
        const source = readAnswer(from.format, fixture);
        if (source.error) continue;
        const read = to.format.readResponse(to.format.writeResponse(source, context).body);
        const whole = withKnownEnds(read);
        if (whole.error) continue;
        const again = withKnownEnds(to.format.readResponse(to.format.writeResponse(whole, context).body));
        expect(comparable(again.candidates), `${fixture.name} in ${to.name}`).toEqual(
          comparable(whole.candidates),
        );
      }
    }
  });

  it('covers every recording', () => {
    const count = pairs.reduce(
      (sum, [from]) => sum + cases.filter((fixture) => columnOf(fixture) === from).length,
      0,
    );
    console.log(
      `${cases.length} recorded answers, ${pairs.length} pairs of formats: ${count} whole and ${count} streamed`,
    );
    expect(count).toBeGreaterThan(200);
  });
});

/** Without what is made anew with every answer: ids of items, and carries of what is no one else's. */
function comparable(candidates: NeutralCandidate[]): unknown {
  return JSON.parse(
    JSON.stringify(candidates, (key, value) =>
      key === 'itemId' || key === 'opaque' || key === 'raw' || (isObject(value) && value.type === 'opaque')
        ? undefined
        : value,
    ),
  );
}
