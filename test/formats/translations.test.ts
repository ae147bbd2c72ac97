// Every recorded answer of every format: read by its own reader, written by every other format's writer as that
// format's caller would get it, and read back by that format's reader: the same text, calls, thoughts, end and
// usage, streamed and not.
import { describe, expect, it } from 'vitest';
import { messagesFormat } from '../../src/formats/anthropic-messages/index.ts';
import { eventsOfResponse } from '../../src/formats/events-of-response.ts';
import { generateFormat } from '../../src/formats/gemini-generate/index.ts';
import { isObject } from '../../src/formats/json-reader.ts';
import type { FormatName, NeutralCandidate, NeutralResponse, StopReason } from '../../src/formats/neutral.ts';
import { chatFormat } from '../../src/formats/openai-chat/index.ts';
import { responsesFormat } from '../../src/formats/openai-responses/index.ts';
import type { TranslatedFormat } from '../../src/formats/translation.ts';
import type { Usage } from '../../src/formats/usage.ts';
import { collectEvents } from '../support/collect-events.ts';
import { allFixtures, type Fixture, haveFixtures, kindOf, sayWhenLeftOut } from '../support/fixtures.ts';
import type { Told } from '../support/told.ts';
import {
  contextOf,
  isStream,
  readAnswer,
  readRecording,
  readStream,
  toldIn,
} from '../support/translated-answers.ts';

sayWhenLeftOut();

/** What a format's answers can say, and how its own conventions make others of what they cannot. */
interface Column {
  name: FormatName;
  kind: 'chat' | 'responses' | 'messages' | 'generate';
  format: TranslatedFormat;
  /** Several answers in one. */
  candidates: boolean;
  /** Refusals are told apart from text. */
  refusals: boolean;
  /** Custom tools are called by free text; else by a function with `input`. */
  customCalls: boolean;
  /** How an end comes back that the format has no word for; absent: as it was. */
  stops: Partial<Record<StopReason, StopReason>>;
  /** Counts that its usage object keeps. */
  usage: readonly (keyof Usage)[];
}

const counts = ['inputTokens', 'cachedTokens', 'outputTokens'] as const;

/** OpenAI's formats have three ends, and say of a refusal without words what they say of a filter. */
const openaiStops: Column['stops'] = {
  'stop-sequence': 'stop',
  'context-length': 'length',
  pause: 'stop',
  'malformed-tool-call': 'stop',
  unknown: 'stop',
};

/** All formats; the one place to add another. */
const columns: readonly Column[] = [
  {
    name: 'openai-chat',
    kind: 'chat',
    format: chatFormat,
    candidates: true,
    refusals: true,
    customCalls: true,
    stops: openaiStops,
    usage: [
      ...counts,
      'reasoningTokens',
      'cacheWriteTokens',
      'inputAudioTokens',
      'outputAudioTokens',
      'webSearches',
    ],
  },
  {
    name: 'openai-responses',
    kind: 'responses',
    format: responsesFormat,
    candidates: false,
    refusals: true,
    customCalls: true,
    stops: openaiStops,
    usage: [...counts, 'reasoningTokens', 'cacheWriteTokens', 'inputAudioTokens'],
  },
  {
    name: 'anthropic-messages',
    kind: 'messages',
    format: messagesFormat,
    candidates: false,
    refusals: false,
    customCalls: false,
    stops: { 'content-filter': 'refusal', 'malformed-tool-call': 'stop', unknown: 'stop', error: 'stop' },
    usage: [...counts, 'cacheWriteTokens', 'webSearches'],
  },
  {
    name: 'gemini-generate',
    kind: 'generate',
    format: generateFormat,
    candidates: true,
    refusals: false,
    customCalls: false,
    stops: {
      refusal: 'content-filter',
      'stop-sequence': 'stop',
      'context-length': 'length',
      pause: 'stop',
      unknown: 'stop',
      error: 'stop',
    },
    usage: [...counts, 'reasoningTokens', 'inputAudioTokens'],
  },
];

/**
 * Filed under another endpoint than they are of; and arguments in pieces (partialArgs), which come only to who asks
 * for them.
 */
const leftOut =
  /groq-transcription|vercel-azure-deepseek-reasoning|vercel-google-stream-(no-args-tool-call|tool-call-array-arguments)/;

const cases = allFixtures()
  .filter(
    ({ meta }) =>
      meta.method === 'POST' && meta.status === 200 && !/responses-sub|count/i.test(meta.endpoint),
  )
  .filter(({ name }) => !leftOut.test(name))
  .filter((fixture) => columnOf(fixture) !== undefined);

function columnOf(fixture: Fixture): Column | undefined {
  return columns.find(({ kind }) => kind === kindOf(fixture));
}

/** What the source says, in what the target can say. */
function sayable({ candidates }: NeutralResponse, to: Column): Told[] {
  return (to.candidates ? candidates : candidates.slice(0, 1)).map(toldIn).map((told) => {
    // Arguments that are no object (cut in the middle, or a custom tool's) have no place where they must be one.
    const calls = to.customCalls
      ? told.calls
      : told.calls.map((call) => ({ ...call, ...(!isObject(call.arguments) && anyArguments) }));
    const texts = to.refusals ? {} : { text: told.text + told.refusal, refusal: '' };
    return { ...told, calls, ...texts, stop: stopIn(told, to) };
  });
}

const anyArguments = { arguments: expect.anything() };

/** An end of tool calls is one wherever there are calls, but for Anthropic, who says which it is. */
function stopIn({ stop, calls, refusal }: Told, { stops, refusals, kind }: Column): StopReason | null {
  const wordless = stop === 'refusal' && refusals && refusal === '' ? 'content-filter' : stop;
  const written = (wordless && stops[wordless]) ?? wordless;
  if (written === 'stop' && calls.length > 0 && kind !== 'messages') return 'tool-calls';
  return written === 'stop' && refusals && refusal !== '' ? 'refusal' : written;
}

function usageIn(usage: Usage | null, { usage: fields }: Column): Partial<Usage> | null {
  return usage && Object.fromEntries(fields.map((field) => [field, usage[field]]));
}

/** Paragraphs of thoughts are told apart by an empty line where a format has only one text. */
function joined(told: Told[]): Told[] {
  return told.map((one) => ({ ...one, reasoning: one.reasoning.replace(/\n\n/g, '') }));
}

function compare(back: NeutralResponse, source: NeutralResponse, to: Column): void {
  if (source.promptBlock !== null) {
    const stop = back.candidates[0]?.stop.reason;
    expect(back.promptBlock !== null || stop === 'content-filter' || stop === 'refusal').toBe(true);
    return;
  }
  if (source.candidates.length === 0) {
    // Nothing at all (Gemini): elsewhere an answer without a word.
    expect(back.candidates.flatMap(({ parts }) => parts)).toEqual([]);
    return;
  }
  expect(joined(back.candidates.map(toldIn))).toEqual(joined(sayable(source, to)));
  // Where the upstream gave none, a format may want one of zeros.
  if (source.usage !== null) expect(usageIn(back.usage, to)).toEqual(usageIn(source.usage, to));
}

const context = contextOf();

describe.skipIf(!haveFixtures)('recorded answers in every other format', () => {
  const pairs = columns.flatMap((from) =>
    columns.filter((to) => to !== from).map((to) => [from, to] as const),
  );

  describe.each(pairs.map(([from, to]) => [from.name, to.name, from, to] as const))(
    '%s to %s',
    (_, __, from, to) => {
      const sources = cases.filter((fixture) => columnOf(fixture) === from);
      const read = (fixture: Fixture) => readAnswer(from.format, fixture);

      it.each(sources.map((fixture) => [fixture.name, fixture] as const))('%s, whole', (_, fixture) => {
        const source = read(fixture);
        const { body } = to.format.writeResponse(source, context);
        // An answer that failed or was cut is never written whole: the relay answers with an error.
        if (source.error === null && source.whole) compare(to.format.readResponse(body), source, to);
      });

      it.each(sources.map((fixture) => [fixture.name, fixture] as const))('%s, streamed', (_, fixture) => {
        const source = read(fixture);
        const events = isStream(fixture) ? readRecording(from.format, fixture) : eventsOfResponse(source);
        const writer = to.format.eventWriter(context);
        const told = events.map((event) => writer.write(event)).join('');
        const end = writer.end();
        const back = collectEvents(readStream(to.format, [new TextEncoder().encode(told + end)]));
        if (source.error) expect(back.error?.message).toBe(source.error.message);
        // What the relay then says is its own error event.
        else if (!source.whole) expect(end).toBe('');
        else {
          expect(back.whole).toBe(true);
          compare(back, source, to);
        }
      });
    },
  );

  it('round: every format reads back what it wrote itself, streamed and not', () => {
    for (const to of columns) {
      for (const fixture of cases) {
        const from = columnOf(fixture);
        if (from === undefined) continue;
        const source = readAnswer(from.format, fixture);
        if (source.error || !source.whole) continue;
        const whole = to.format.readResponse(to.format.writeResponse(source, context).body);
        const again = to.format.readResponse(to.format.writeResponse(whole, context).body);
        expect(comparable(again.candidates), `${fixture.name} in ${to.name}`).toEqual(
          comparable(whole.candidates),
        );
      }
    }
  });

  it('counts its cases', () => {
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
      key === 'itemId' || key === 'raw' || key === 'opaque' || (isObject(value) && value.type === 'opaque')
        ? undefined
        : value,
    ),
  );
}
