// Every recorded response, read by its own format's reader, written by every other format's writer for that
// format's caller, and read back by that format's reader: text, calls, reasoning, finish reason and usage agree,
// streamed and whole.
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
import {
  allFixtures,
  type Fixture,
  haveFixtures,
  kindOf,
  reportSkippedReplay,
} from '../../support/fixtures.ts';
import type { ConversationId } from '../../support/formats.ts';
import type { CandidateContent } from '../../support/recorded-content.ts';
import {
  contentIn,
  contextOf,
  isStream,
  parseRecording,
  readEvents,
  readStream,
  writeStream,
} from '../../support/translated-responses.ts';

reportSkippedReplay();

/** What a format's responses can express, and what its conventions turn other values into. */
interface Column {
  name: ConversationId;
  format: ConversationFormat;
  /** Whether a response has several candidates. */
  candidates: boolean;
  /** The finish reason that is read back for one that the format lacks; absent for unchanged ones. */
  stops: Partial<Record<StopReason, StopReason>>;
  /** Whether refusals have their own member; elsewhere they are part of the text. */
  refusals: boolean;
  /**
   * Whether arguments are JSON objects: truncated ones keep their complete members, and a custom tool's text
   * becomes `input`.
   */
  objectArguments: boolean;
  /** Whether arguments are streamed as they arrive, also truncated ones. */
  streamsArguments?: boolean;
  /** Whether a refused prompt is a response without a candidate; elsewhere it is an empty filtered one. */
  promptBlocks: boolean;
  /** Whether clients expect counts in every response: missing usage is written as zeros. */
  zeroUsage: boolean;
  /** The counts that its usage object contains. */
  usage: readonly (keyof Usage)[];
}

const counts = ['inputTokens', 'cachedTokens', 'outputTokens', 'reasoningTokens'] as const;

/** All formats; add another one here only. */
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
      // The format expresses a refusal without text as a content filter.
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
      // The format expresses a refusal without text as a content filter.
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
    // The format has no reason for a failed response; the relay answers with an error.
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

/** Returns the source's content, as far as the target can express it. */
function expressible({ candidates, promptBlock }: NeutralResponse, to: Column): CandidateContent[] {
  const selected = to.candidates ? candidates : candidates.slice(0, 1);
  if (selected.length === 0 && promptBlock !== null && !to.promptBlocks)
    return [refusedPrompt(promptBlock, to)];
  return selected.map((candidate) => {
    const content = contentIn(candidate);
    return inWordsOf(
      {
        ...content,
        text: textIn(candidate, content, to),
        refusal: refusalIn(candidate, content, to),
        stop: stopIn(content, to),
      },
      to,
    );
  });
}

/** Adds the transcript of audio to the text where the format has no audio. */
function textIn({ parts }: NeutralCandidate, { text }: CandidateContent, { name }: Column): string {
  if (name !== 'anthropic-messages') return text;
  return text + parts.map((part) => (part.type === 'media' ? (part.transcript ?? '') : '')).join('');
}

/** Returns a filter's message as a refusal where the finish reason has no message. */
function refusalIn({ stop }: NeutralCandidate, { refusal }: CandidateContent, { refusals }: Column): string {
  const isFiltered = stop.reason === 'refusal' || stop.reason === 'content-filter';
  return refusals && isFiltered && refusal === '' ? (stop.message ?? '') : refusal;
}

function inWordsOf(content: CandidateContent, to: Column): CandidateContent {
  const { text, refusal, calls } = content;
  return {
    ...content,
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

function refusedPrompt(
  { reason, message }: NonNullable<NeutralResponse['promptBlock']>,
  to: Column,
): CandidateContent {
  const refusalText = message ?? `The prompt was refused: ${reason}.`;
  const nothing = { text: '', reasoning: '', calls: [] };
  const stop = to.stops['content-filter'] ?? 'content-filter';
  return { ...nothing, refusal: to.refusals ? refusalText : '', stop };
}

/** Returns the finish reason: tool calls always give `tool-calls`, since the next turn depends on it. */
function stopIn({ stop, calls, refusal }: CandidateContent, { stops, refusals }: Column): StopReason | null {
  const hasWords = stop === 'refusal' && refusals && refusal !== '';
  const written = (stop && !hasWords && stops[stop]) || stop;
  if (written === 'stop' && calls.length > 0) return 'tool-calls';
  return written === 'stop' && refusals && refusal !== '' ? 'refusal' : written;
}

function usageIn(usage: Usage | null, { usage: fields, zeroUsage }: Column): Partial<Usage> | null {
  const counted = usage ?? (zeroUsage ? emptyUsage() : null);
  return counted && Object.fromEntries(fields.map((field) => [field, counted[field]]));
}

/** Joins paragraphs of reasoning, which a format with a single text separates by an empty line. */
function joinParagraphs(content: CandidateContent[]): CandidateContent[] {
  return content.map((one) => ({ ...one, reasoning: one.reasoning.replace(/\n\n/g, '') }));
}

function compare(back: NeutralResponse, source: NeutralResponse, to: Column): void {
  expect(joinParagraphs(back.candidates.map(contentIn))).toEqual(joinParagraphs(expressible(source, to)));
  expect(usageIn(back.usage, to)).toEqual(usageIn(source.usage, to));
}

/** The context of a caller that requests reasoning. */
const reasoning = {
  effort: 'high',
  budgetTokens: undefined,
  includeThoughts: true,
  summary: undefined,
} as const;
const context = contextOf({ request: { ...contextOf().request, reasoning } });

describe.skipIf(!haveFixtures)('recorded responses translated to every other format', () => {
  const pairs = columns.flatMap((from) =>
    columns.filter((to) => to !== from).map((to) => [from, to] as const),
  );

  describe.each(pairs.map(([from, to]) => [from.name, to.name, from, to] as const))(
    '%s to %s',
    (_, __, from, to) => {
      const sources = cases.filter((fixture) => columnOf(fixture) === from);
      const read = (fixture: Fixture) => parseRecording(from.format, fixture);

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
            // Where the format streams arguments, broken ones are streamed too.
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
        const source = parseRecording(from.format, fixture);
        if (source.error) continue;
        const read = to.format.readResponse(to.format.writeResponse(source, context).body);
        const whole = withKnownEnds(read);
        if (whole.error) continue;
        const again = withKnownEnds(to.format.readResponse(to.format.writeResponse(whole, context).body));
        expect(withoutGeneratedIds(again.candidates), `${fixture.name} in ${to.name}`).toEqual(
          withoutGeneratedIds(whole.candidates),
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

/** Returns the candidates without item ids and reasoning signatures that each response creates. */
function withoutGeneratedIds(candidates: NeutralCandidate[]): unknown {
  return JSON.parse(
    JSON.stringify(candidates, (key, value) =>
      key === 'itemId' || key === 'opaque' || key === 'raw' || (isObject(value) && value.type === 'opaque')
        ? undefined
        : value,
    ),
  );
}
