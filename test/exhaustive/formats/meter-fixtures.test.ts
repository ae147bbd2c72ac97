// Every recording that the relay could have relayed, metered whole, byte by byte and in seeded pieces: the results
// agree with each other and with the provider's own usage object.
import { describe, expect, it } from 'vitest';
import type { Meter } from '../../../src/formats/meter.ts';
import type { Usage } from '../../../src/formats/usage.ts';
import {
  allFixtures,
  cutAtSeed,
  haveFixtures,
  kindOf,
  meterOf,
  reportSkippedReplay,
} from '../../support/fixtures.ts';
import { recordedUsage } from '../../support/recorded-usage.ts';

reportSkippedReplay();

const cases = allFixtures()
  .filter(({ meta }) => meta.method === 'POST' && meta.status === 200)
  .filter(kindOf);

function snapshot(meter: Meter): unknown {
  const { complete, outputCharacters, started, madeIds, model, error, serviceTier, atBoundary } = meter;
  const counts = { usage: meter.usage(), partial: meter.partialUsage(), other: meter.otherModelUsage };
  return { ...counts, complete, outputCharacters, started, madeIds, model, error, serviceTier, atBoundary };
}

describe.skipIf(!haveFixtures)('metering of recordings', () => {
  it('counts every usage field as the upstream did, in every recording', () => {
    const table: Record<
      string,
      { recordings: number; upstream: number; counted: number; different: number }
    > = {};
    const reasons = new Map<string, number>();
    const differences: string[] = [];
    for (const fixture of cases) {
      const usage = meterOf(fixture, [fixture.bytes]).partialUsage();
      const recorded = recordedUsage(fixture);
      if (recorded === null) {
        // Images and transcripts without a usage object are counted from the response itself.
        if (usage !== null)
          expect(['openai-images', 'openai-transcription', 'gemini-generate']).toContain(kindOf(fixture));
        continue;
      }
      for (const reason of recorded.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      for (const [field, upstream] of Object.entries(recorded.usage)) {
        const counted = usage?.[field as keyof Usage] ?? 0;
        table[field] ??= { recordings: 0, upstream: 0, counted: 0, different: 0 };
        const line = table[field];
        line.recordings += 1;
        line.upstream += upstream;
        line.counted += counted;
        if (counted === upstream) continue;
        line.different += 1;
        differences.push(`${fixture.name}: ${field} is ${upstream}, counted ${counted}`);
      }
    }
    console.table(table);
    console.table(Object.fromEntries(reasons));
    expect(differences).toEqual([]);
    expect(table.inputTokens?.recordings).toBeGreaterThan(400);
  });

  it('counts the same when recordings arrive byte by byte (bodies up to 8 KB) and in seeded pieces', () => {
    let bytewise = 0;
    for (const fixture of cases) {
      const whole = snapshot(meterOf(fixture, [fixture.bytes]));
      for (const seed of [1, 2, 3]) {
        const cut = snapshot(meterOf(fixture, cutAtSeed(fixture.bytes, seed, seed === 3 ? 4_096 : 97)));
        expect(cut, `${fixture.name} at seed ${seed}`).toEqual(whole);
      }
      if (fixture.bytes.length > 8_192) continue;
      bytewise++;
      expect(snapshot(meterOf(fixture, cutAtSeed(fixture.bytes, 1, 1))), `${fixture.name} bytewise`).toEqual(
        whole,
      );
    }
    console.log(`${cases.length} recordings metered, ${bytewise} of them byte by byte`);
  });

  it('finds the end of every complete stream, and no end of a truncated or failed one', () => {
    const incomplete = cases.filter((fixture) => !meterOf(fixture, [fixture.bytes]).complete);
    const whole = incomplete.map(({ name }) => name).filter((name) => !cutOrFailed.test(name));
    expect(whole).toEqual([
      // A vendor's test data without a finish reason.
      'vertex/streamGenerateContent/firebase-streaming-failure-empty-content',
      'vertex/streamGenerateContent/firebase-streaming-success-quotes-escaped',
    ]);
    expect(incomplete).toHaveLength(12);
  });

  it('finds an error inside a 200 response, and only there', () => {
    const failed = cases.filter((fixture) => meterOf(fixture, [fixture.bytes]).error !== null);
    const expected = cases.filter(({ name }) => /midstream|openai-error|error-mid-stream/.test(name));
    expect(failed.map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
  });

  it('counts output characters close to the output tokens of text responses', () => {
    const ratios = cases
      .filter(({ meta }) => meta.features.includes('text') && !meta.trimmed)
      .map((fixture) => meterOf(fixture, [fixture.bytes]))
      .flatMap((meter) => {
        const usage = meter.usage();
        const tokens = usage === null ? 0 : usage.outputTokens - usage.reasoningTokens;
        return tokens >= 30 ? [meter.outputCharacters / tokens] : [];
      })
      .sort((left, right) => left - right);
    const at = (share: number): string => (ratios[Math.floor(ratios.length * share)] ?? 0).toFixed(2);
    console.log(
      `characters a visible token, ${ratios.length} answers: p10 ${at(0.1)}, median ${at(0.5)}, p90 ${at(0.9)}`,
    );
    expect(Number(at(0.5))).toBeGreaterThan(2.5);
    expect(Number(at(0.5))).toBeLessThan(6);
  });
});

const cutOrFailed = /midstream-error|truncated-stream/;
