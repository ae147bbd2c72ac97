// Tests rpm, tpm, and concurrency of one token.
import { describe, expect, it } from 'vitest';
import { RateLimits } from '../../../src/quota/rate-limits.ts';
import { noonMs } from './ledger-parts.ts';

const codeOf = (refusal: { code: string } | null) => refusal?.code ?? null;

describe('the rpm limit', () => {
  it('admits that many requests a minute, and the next when the first leaves the window', () => {
    const rates = new RateLimits(null);
    for (let request = 0; request < 3; request++) {
      expect(rates.refusal({ rpm: 3 }, 0, 0, noonMs)).toBeNull();
      rates.count(0, noonMs);
    }
    const refusal = rates.refusal({ rpm: 3 }, 0, 0, noonMs);
    expect(refusal).toMatchObject({ code: 'rate_limit_exceeded', retryAfterMs: 61_000 });
    expect(codeOf(rates.refusal({ rpm: 3 }, 0, 0, noonMs + 61_000))).toBeNull();
  });
});

describe('the concurrency limit', () => {
  it('refuses a request above it, with a retry after one second', () => {
    const rates = new RateLimits(null);
    expect(rates.refusal({ concurrency: 2 }, 1, 0, noonMs)).toBeNull();
    expect(rates.refusal({ concurrency: 2 }, 2, 0, noonMs)).toMatchObject({ retryAfterMs: 1_000 });
  });
});

describe('the tpm limit', () => {
  it('refuses input beyond the whole limit without a retry', () => {
    const refusal = new RateLimits(null).refusal({ tpm: 3_000 }, 0, 3_001, noonMs);
    expect(refusal).toMatchObject({ code: 'rate_limit_exceeded', isFinal: true });
    expect(refusal?.retryAfterMs).toBeUndefined();
    expect(new RateLimits(null).refusal({ tpm: 3_000 }, 0, 3_000, noonMs)).toBeNull();
  });

  it('replaces a request’s estimate with its actual tokens', () => {
    const rates = new RateLimits(null);
    const open = { tokens: 2_000, heldAtMs: noonMs };
    rates.count(open.tokens, noonMs);
    expect(codeOf(rates.refusal({ tpm: 3_000 }, 0, 1_500, noonMs))).toBe('rate_limit_exceeded');
    rates.correct(open, 500, noonMs + 2_000);
    expect(rates.refusal({ tpm: 3_000 }, 0, 1_500, noonMs + 2_000)).toBeNull();
    expect(open.tokens).toBe(500);
  });

  it('counts output as it is produced, and never lowers the count', () => {
    const rates = new RateLimits(null);
    const open = { tokens: 100, heldAtMs: noonMs };
    rates.count(open.tokens, noonMs);
    rates.countProduced(open, 2_500, noonMs + 1_000);
    rates.countProduced(open, 1_000, noonMs + 2_000);
    expect(rates.left({ tpm: 3_000 }, noonMs + 2_000)?.tpm?.remaining).toBe(500);
  });

  it('delays a request without input while output fills the minute', () => {
    const rates = new RateLimits(null);
    rates.count(3_000, noonMs);
    expect(codeOf(rates.refusal({ tpm: 3_000 }, 0, 0, noonMs))).toBe('rate_limit_exceeded');
  });

  it('ignores the correction of a request that it never counted', () => {
    const rates = new RateLimits(null);
    rates.correct(undefined, 5_000, noonMs);
    expect(rates.left({ tpm: 3_000 }, noonMs)?.tpm?.remaining).toBe(3_000);
  });
});

describe('the remaining rate limit', () => {
  it('is undefined for a token without rpm and tpm', () => {
    expect(new RateLimits(null).left({ concurrency: 2 }, noonMs)).toBeUndefined();
  });

  it('is never negative', () => {
    const rates = new RateLimits(null);
    rates.count(9_000, noonMs);
    rates.count(0, noonMs);
    expect(rates.left({ rpm: 1, tpm: 3_000 }, noonMs)).toMatchObject({
      rpm: { limit: 1, remaining: 0 },
      tpm: { limit: 3_000, remaining: 0 },
    });
  });
});

it('restores its windows from a snapshot for the token’s limits', () => {
  const rates = new RateLimits(null);
  rates.count(700, noonMs);
  const snapshot = rates.snapshot({ tpm: 1_000 }, noonMs);
  expect(snapshot.requests).toEqual([]);
  const restored = new RateLimits(snapshot);
  expect(restored.left({ rpm: 5, tpm: 1_000 }, noonMs)).toMatchObject({
    rpm: { remaining: 5 },
    tpm: { remaining: 300 },
  });
});
