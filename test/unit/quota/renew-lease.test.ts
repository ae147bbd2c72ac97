// Tests the renewal of a running request: the amount it may hold, or the reason for its end.
import { beforeEach, describe, expect, it } from 'vitest';
import { LedgerState } from '../../../src/quota/ledger-state.ts';
import { RateLimits } from '../../../src/quota/rate-limits.ts';
import { renewLease } from '../../../src/quota/renew-lease.ts';
import { noonMs, noTotals, policyWith, renewalWith, requestWith, settlementOf } from './ledger-parts.ts';

const limited = policyWith({ quotaNanoUsd: 300 });
let state: LedgerState;
let raisedBy: number[];
let writes: number;
let accountRoom: number;

beforeEach(() => {
  state = new LedgerState(noTotals);
  state.hold(requestWith(), 100, noonMs);
  raisedBy = [];
  writes = 0;
  accountRoom = Infinity;
});

function renew(fields: Parameters<typeof renewalWith>[0], policy: typeof limited | null = limited) {
  const checkpoints = {
    raiseCeiling: (_: unknown, granted: number) => raisedBy.push(granted),
    soon: () => undefined,
    write: () => {
      writes += 1;
    },
  };
  const allocation = { roomFor: () => accountRoom };
  const parts = { state, checkpoints, allocation, rates: new RateLimits(null) };
  return renewLease(renewalWith(fields), policy, parts as never, noonMs + 5_000);
}

describe('a renewal', () => {
  it('extends the lease of a request that needs no more', () => {
    expect(renew({})).toEqual({ outcome: 'go-on', reservedNanoUsd: 100 });
    expect(state.nextExpiryMs()).toBe(noonMs + 35_000);
  });

  it('raises the reservation after it stored the higher ceiling', () => {
    expect(renew({ wantNanoUsd: 250 })).toEqual({ outcome: 'go-on', reservedNanoUsd: 250 });
    expect(raisedBy).toEqual([150]);
    expect(state.held(noonMs)).toBe(250);
  });

  it('grants the remaining quota if that is less than requested', () => {
    expect(renew({ wantNanoUsd: 900 })).toEqual({ outcome: 'go-on', reservedNanoUsd: 300 });
  });

  it('is limited by the account’s room', () => {
    accountRoom = 30;
    expect(renew({ wantNanoUsd: 900 })).toEqual({ outcome: 'go-on', reservedNanoUsd: 130 });
  });

  it('lets a request continue until its current reservation is used up', () => {
    renew({ wantNanoUsd: 300 });
    expect(renew({ wantNanoUsd: 400, runningNanoUsd: 299 })).toMatchObject({
      outcome: 'go-on',
      reservedNanoUsd: 300,
    });
    expect(renew({ wantNanoUsd: 400, runningNanoUsd: 300 })).toMatchObject({ code: 'insufficient_quota' });
  });

  it('ends a request of a deleted token', () => {
    expect(renew({}, policyWith({ status: 'deleted' }))).toMatchObject({ code: 'invalid_api_key' });
  });

  it('lets a request continue unchanged if the ledger has no policy', () => {
    expect(renew({ reservedNanoUsd: 70, wantNanoUsd: 90 }, null)).toEqual({
      outcome: 'go-on',
      reservedNanoUsd: 70,
    });
  });

  it('restores a request that a reset lost, and stores it at once if it was restored', () => {
    expect(renew({ requestId: 'lost', reservedNanoUsd: 50, wantNanoUsd: 50 })).toMatchObject({
      reservedNanoUsd: 50,
    });
    expect(state.held(noonMs)).toBe(150);
    const hold = state.holds.get('req_1');
    if (hold === undefined) throw new Error('nothing is held');
    state = new LedgerState(noTotals);
    state.restore(hold, noonMs);
    renew({});
    expect(writes).toBe(1);
    renew({});
    expect(writes).toBe(1);
  });

  it('holds nothing for a settled request', () => {
    state.settle(settlementOf('req_1', 40), limited, noonMs);
    expect(renew({})).toEqual({ outcome: 'go-on', reservedNanoUsd: 100 });
    expect(state.holds.size).toBe(0);
  });
});
