// Tests a token's allocation from its account's budget against an imitated account.
import { beforeEach, describe, expect, it } from 'vitest';
import { AccountAllocation } from '../../../src/quota/account-allocation.ts';
import type { AllocationAnswer, AllocationRequest } from '../../../src/quota/account-budget.ts';
import { periodKeyOf } from '../../../src/quota/account-budget.ts';
import { LedgerState } from '../../../src/quota/ledger-state.ts';
import type { StoredAllocation } from '../../../src/quota/records.ts';
import { noonMs, noTotals, policyWith, requestWith, settlementOf } from './ledger-parts.ts';

const budget = { nanoUsd: 10_000, period: 'day', version: 1 } as const;
const policy = policyWith({ accountBudget: budget });
const today = periodKeyOf(budget, noonMs);

let stored: StoredAllocation | null;
let calls: AllocationRequest[];
let answer: (request: AllocationRequest) => AllocationAnswer;
let state: LedgerState;

beforeEach(() => {
  stored = null;
  calls = [];
  state = new LedgerState(noTotals);
  answer = ({ needNanoUsd, nowMs, periodKey }) => ({
    outcome: 'granted',
    grantedNanoUsd: needNanoUsd,
    nowMs,
    periodKey,
  });
});

/** Returns the allocation of a ledger after a reset, from what is stored. */
function loaded(): AccountAllocation {
  const store = {
    readAllocation: () => stored,
    writeAllocation: (allocation: StoredAllocation) => {
      stored = allocation;
    },
  };
  const account = {
    allocate: async (request: AllocationRequest) => {
      calls.push(request);
      return answer(request);
    },
  };
  return new AccountAllocation(store, state, () => account as never);
}

describe('room for a request', () => {
  it('is unlimited, without any call, for an account without a budget', async () => {
    const allocation = loaded();
    expect(allocation.shortfall(policyWith(), 5_000, noonMs)).toBe(0);
    expect(allocation.roomFor(policyWith(), noonMs)).toBe(Infinity);
    expect(await allocation.makeRoom(policyWith(), 5_000, noonMs)).toBeNull();
    expect(calls).toEqual([]);
  });

  it('is allocated for 32 such requests, and stored before it is used', async () => {
    const allocation = loaded();
    expect(await allocation.makeRoom(policy, 100, noonMs)).toBeNull();
    expect(calls).toMatchObject([{ needNanoUsd: 100, atLeastNanoUsd: 100, spareNanoUsd: 3_200 }]);
    expect(stored).toEqual({ periodKey: today, grantedNanoUsd: 100, spentBeforeNanoUsd: 0 });
    expect(allocation.shortfall(policy, 100, noonMs)).toBe(0);
  });

  it('counts held and spent amounts since the period began', async () => {
    state = new LedgerState({ ...noTotals, spentNanoUsd: 700 });
    const allocation = loaded();
    await allocation.makeRoom(policy, 300, noonMs);
    state.hold(requestWith(), 100, noonMs);
    expect(allocation.roomFor(policy, noonMs)).toBe(200);
    state.settle(settlementOf('req_1', 250), policy, noonMs);
    expect(allocation.roomFor(policy, noonMs)).toBe(50);
  });

  it('is refused with the figures if the account has too little left', async () => {
    answer = ({ nowMs, periodKey }) => ({ outcome: 'refused', leftNanoUsd: 40_000_000, nowMs, periodKey });
    const refusal = await loaded().makeRoom(policy, 100_000_000, noonMs);
    expect(refusal?.message).toContain('it may cost up to $0.1, $0.04 is left');
    expect(refusal?.retryAfterMs).toBe(12 * 3_600_000);
  });

  it('is requested once by concurrent requests', async () => {
    const allocation = loaded();
    await Promise.all([allocation.makeRoom(policy, 100, noonMs), allocation.makeRoom(policy, 100, noonMs)]);
    expect(calls.length).toBe(1);
  });

  it('is requested again after a failed call, which reports what the token has', async () => {
    answer = () => {
      throw new Error('unreachable');
    };
    const allocation = loaded();
    await expect(allocation.makeRoom(policy, 100, noonMs)).rejects.toThrow('unreachable');
    answer = ({ nowMs, periodKey }) => ({ outcome: 'granted', grantedNanoUsd: 100, nowMs, periodKey });
    expect(await allocation.makeRoom(policy, 100, noonMs)).toBeNull();
    expect(calls[1]).toMatchObject({ grantedNanoUsd: 0 });
    await allocation.makeRoom(policy, 500, noonMs);
    expect(calls[2]?.grantedNanoUsd).toBeUndefined();
  });

  it('ignores an answer for a period that is over', async () => {
    answer = () => ({
      outcome: 'granted',
      grantedNanoUsd: 100,
      nowMs: noonMs + 86_400_000,
      periodKey: today,
    });
    const allocation = loaded();
    await allocation.makeRoom(policy, 100, noonMs);
    expect(stored).toMatchObject({ grantedNanoUsd: 0 });
    expect(stored?.periodKey).not.toBe(today);
  });
});

describe('reclaiming an allocation', () => {
  it('returns what is neither spent nor held, and retains the rest', async () => {
    const allocation = loaded();
    await allocation.makeRoom(policy, 500, noonMs);
    state.hold(requestWith(), 100, noonMs);
    state.settle(settlementOf('req_2', 50), policy, noonMs);
    expect(allocation.reclaim(policy, today, noonMs)).toBe(350);
    expect(allocation.roomFor(policy, noonMs)).toBe(0);
    expect(allocation.reclaim(policy, today, noonMs)).toBe(0);
  });

  it('reports usage beyond the allocation as a negative amount', async () => {
    const allocation = loaded();
    await allocation.makeRoom(policy, 100, noonMs);
    state.settle(settlementOf('req_1', 130), policy, noonMs);
    expect(allocation.reclaim(policy, today, noonMs)).toBe(-30);
  });

  it('returns nothing for another period', async () => {
    const allocation = loaded();
    await allocation.makeRoom(policy, 100, noonMs);
    expect(allocation.reclaim(policy, 'day 0', noonMs)).toBe(0);
  });

  it('returns everything once if the account has no budget anymore', async () => {
    const allocation = loaded();
    await allocation.makeRoom(policy, 100, noonMs);
    expect(allocation.reclaim(policyWith(), today, noonMs)).toBe(100);
    expect(allocation.reclaim(policyWith(), today, noonMs)).toBe(0);
  });
});

it('restores the stored allocation when the ledger is reset', async () => {
  await loaded().makeRoom(policy, 400, noonMs);
  expect(loaded().roomFor(policy, noonMs)).toBe(400);
});

it('starts a new period with an empty allocation', async () => {
  const allocation = loaded();
  await allocation.makeRoom(policy, 400, noonMs);
  state.settle(settlementOf('req_1', 150), policy, noonMs);
  const tomorrowMs = noonMs + 86_400_000;
  expect(allocation.roomFor(policy, tomorrowMs)).toBe(0);
  expect(stored).toMatchObject({ grantedNanoUsd: 0, spentBeforeNanoUsd: 150 });
});
