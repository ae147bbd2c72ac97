// The admission of a new request: held, or refused without a trace.
import { beforeEach, describe, expect, it } from 'vitest';
import { LedgerState } from '../../../src/quota/ledger-state.ts';
import { RateLimits } from '../../../src/quota/rate-limits.ts';
import { decideAll, reserve } from '../../../src/quota/reserve.ts';
import type { TokenLimits } from '../../../src/tokens/token.ts';
import { noonMs, noTotals, policyWith, requestWith } from './ledger-parts.ts';

const limited = policyWith({ quotaNanoUsd: 250 });
let state: LedgerState;
let rates: RateLimits;
let ceilings: number[];

beforeEach(() => {
  state = new LedgerState(noTotals);
  rates = new RateLimits(null);
  ceilings = [];
});

function admit(fields: Parameters<typeof requestWith>[0] = {}, policy = limited, limits: TokenLimits = {}) {
  const checkpoints = {
    raiseCeiling: (_: unknown, upperBound: number) => ceilings.push(upperBound),
    soon: () => undefined,
  };
  return reserve(requestWith(fields), policy, { state, limits, rates, checkpoints } as never, noonMs);
}

describe('an admitted request', () => {
  it('holds its upper bound, and raises the stored ceiling of a limited token', () => {
    expect(admit()).toBeNull();
    expect(state.held(noonMs)).toBe(100);
    expect(ceilings).toEqual([100]);
  });

  it('raises no ceiling for an unlimited token', () => {
    expect(admit({ reserveNanoUsd: null }, policyWith())).toBeNull();
    expect(ceilings).toEqual([]);
  });

  it('may use exactly what is left, and not one nano-USD more', () => {
    expect(admit({ requestId: 'a', reserveNanoUsd: 250 })).toBeNull();
    expect(admit({ requestId: 'b', reserveNanoUsd: 1 })?.code).toBe('insufficient_quota');
  });

  it('needs no room if it is free', () => {
    admit({ requestId: 'a', reserveNanoUsd: 250 });
    expect(admit({ requestId: 'b', reserveNanoUsd: 0, free: true })).toBeNull();
  });
});

describe('a refused request', () => {
  it('holds and counts nothing', () => {
    expect(admit({ reserveNanoUsd: 300 }, limited, { rpm: 1 })?.code).toBe('insufficient_quota');
    expect(state.held(noonMs)).toBe(0);
    expect(rates.left({ rpm: 1 }, noonMs)?.rpm?.remaining).toBe(1);
    expect(ceilings).toEqual([]);
  });

  it('has no price although its token is limited', () => {
    expect(admit({ reserveNanoUsd: null })?.code).toBe('model_price_unset');
    expect(admit({ reserveNanoUsd: null, isUnknownModel: true })?.code).toBe('model_not_found');
  });

  it('exceeds a rate limit before the quota is considered', () => {
    admit({ requestId: 'a' });
    const refusal = admit({ requestId: 'b', reserveNanoUsd: 900 }, limited, { concurrency: 1 });
    expect(refusal?.code).toBe('rate_limit_exceeded');
  });
});

describe('several requests', () => {
  const requests = ['a', 'b', 'c'].map((requestId) => requestWith({ requestId }));
  const admitted = { outcome: 'admitted' } as const;

  it('are decided in their order, and answered at once', () => {
    const seen: string[] = [];
    const decisions = decideAll(requests, ({ requestId }) => {
      seen.push(requestId);
      return admitted;
    });
    expect([seen, decisions]).toEqual([
      ['a', 'b', 'c'],
      [admitted, admitted, admitted],
    ]);
  });

  it('fail one by one', async () => {
    const overloaded = Object.assign(new Error('too many'), { overloaded: true });
    const decisions = decideAll(requests, ({ requestId }) => {
      if (requestId === 'a') throw new Error('broken');
      return requestId === 'b' ? Promise.reject(overloaded) : admitted;
    });
    expect(await decisions).toEqual([
      { outcome: 'failed', overloaded: false },
      { outcome: 'failed', overloaded: true },
      admitted,
    ]);
  });
});
