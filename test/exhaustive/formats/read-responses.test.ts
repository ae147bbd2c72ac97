// Every recorded response of every provider, parsed by its format's reader: equal to its raw JSON, also byte by
// byte and in seeded pieces.
import { describe, expect, it } from 'vitest';
import { anthropicMessages } from '../../../src/formats/anthropic-messages/index.ts';
import { geminiGenerate } from '../../../src/formats/gemini-generate/index.ts';
import { createMeter } from '../../../src/formats/meter.ts';
import { openaiChat } from '../../../src/formats/openai-chat/index.ts';
import { openaiResponses } from '../../../src/formats/openai-responses/index.ts';
import type { Usage } from '../../../src/formats/usage.ts';
import type { ConversationFormat } from '../../../src/formats/wire-format.ts';
import { collectEvents } from '../../support/collect-events.ts';
import {
  allFixtures,
  cutAtSeed,
  type Fixture,
  framingOf,
  haveFixtures,
  kindOf,
  reportSkippedReplay,
} from '../../support/fixtures.ts';
import { contentOf, type RecordedContent } from '../../support/recorded-content.ts';
import { contentIn, isStream, parseRecording, readStream } from '../../support/translated-responses.ts';

reportSkippedReplay();

/** The formats under test. */
const formats: Partial<Record<string, ConversationFormat>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
  'gemini-generate': geminiGenerate,
};

/** Recordings filed under another endpoint: a transcript under chat, a chat response under Responses. */
const misfiled = /groq-transcription|vercel-azure-deepseek-reasoning/;

/** Streams whose vendor cut deltas from the middle, so they contain less than their own last event. */
const cutDeltas = /vercel-openai-(phase|shell-container)\.1-stream/;

const cases = allFixtures()
  .filter(({ meta }) => meta.method === 'POST' && meta.status === 200 && !/responses-sub/.test(meta.endpoint))
  .filter((fixture) => formats[kindOf(fixture) ?? 'unread'] && !misfiled.test(fixture.name));

function formatOf(fixture: Fixture): ConversationFormat {
  const format = formats[kindOf(fixture) ?? 'unread'];
  if (format === undefined) throw new Error(`no format for ${fixture.name}`);
  return format;
}

/** Returns what the reader parsed, in the form of `contentOf`. */
function read(fixture: Fixture): RecordedContent {
  const { candidates, error, whole } = parseRecording(formatOf(fixture), fixture);
  const content = candidates
    .map(contentIn)
    .map((one) => (whole ? one : { ...one, stop: isStream(fixture) ? null : one.stop }));
  return { candidates: content, error: error?.message ?? null };
}

/** Returns the token counts only, since the meter counts tool fees separately from the response's items. */
function tokensOf(usage: Usage | null): Partial<Usage> | null {
  return usage && Object.fromEntries(Object.entries(usage).filter(([name]) => name.endsWith('Tokens')));
}

describe.skipIf(!haveFixtures)('parsing of recorded responses', () => {
  it.each(cases.map((fixture) => [fixture.name, fixture] as const))(
    '%s parses to what its JSON contains',
    (name, fixture) => {
      const content = contentOf(fixture);
      const texts = cutDeltas.test(name) ? { text: expect.stringMatching(/\w/) } : {};
      expect(read(fixture)).toEqual({
        ...content,
        candidates: content?.candidates.map((one) => ({ ...one, ...texts })),
      });
    },
  );

  it('parses the usage that the meter bills', () => {
    for (const fixture of cases) {
      const meter = createMeter(formatOf(fixture), framingOf(fixture));
      meter.push(fixture.bytes);
      meter.end();
      const { usage, whole } = parseRecording(formatOf(fixture), fixture);
      // The meter does not take the first usage of a truncated response as final.
      const billed = whole ? meter.usage() : (meter.usage() ?? meter.partialUsage());
      expect(tokensOf(usage), fixture.name).toEqual(tokensOf(billed));
    }
  });

  it('parses a stream alike byte by byte and in seeded pieces', () => {
    const streams = cases.filter(({ meta }) => meta.response_file.endsWith('.sse'));
    let bytewise = 0;
    for (const fixture of streams) {
      const format = formatOf(fixture);
      const whole = readStream(format, [fixture.bytes]);
      for (const seed of [1, 2, 3])
        expect(readStream(format, cutAtSeed(fixture.bytes, seed, 97)), fixture.name).toEqual(whole);
      if (fixture.bytes.length > 65_536) continue;
      bytewise += 1;
      expect(readStream(format, cutAtSeed(fixture.bytes, 1, 1)), fixture.name).toEqual(whole);
    }
    console.log(
      `${cases.length} answers read, ${streams.length} of them streams, ${bytewise} of these byte by byte`,
    );
    expect(streams.length).toBeGreaterThan(100);
  });

  it('parses a stream that is truncated anywhere: parts are balanced, and no part counts as complete', () => {
    for (const fixture of cases.filter(isStream)) {
      for (const share of [0.1, 0.35, 0.6, 0.8]) {
        const cut = fixture.bytes.subarray(0, Math.floor(fixture.bytes.length * share));
        const events = readStreamLoosely(formatOf(fixture), cut);
        expect(() => collectEvents(events), `${fixture.name} at ${share}`).not.toThrow();
      }
    }
  });
});

/** Reads a stream up to its last complete event, since the relay skips truncated JSON. */
function readStreamLoosely(format: ConversationFormat, bytes: Uint8Array): ReturnType<typeof readStream> {
  const text = new TextDecoder().decode(bytes);
  const end = Math.max(text.lastIndexOf('\n\n'), text.lastIndexOf('\r\n\r\n'), 0);
  return readStream(format, [new TextEncoder().encode(text.slice(0, end))]);
}
