// Tests the money of one token in memory: holds, charges, expiry, and resets.
import { describe, expect, it } from 'vitest';
import { LedgerState } from '../../../src/quota/ledger-state.ts';
import type { Hold } from '../../../src/quota/records.ts';
import { noonMs, noTotals, policyWith, renewalWith, requestWith, settlementOf } from './ledger-parts.ts';

const unlimited = policyWith();
const limited = policyWith({ quotaNanoUsd: 1_000 });

function stateHolding(...requestIds: string[]): LedgerState {
  const state = new LedgerState(noTotals);
  for (const requestId of requestIds) state.hold(requestWith({ requestId }), 100, noonMs);
  return state;
}

describe('room', () => {
  it('is infinite for a token without quota and budget', () => {
    expect(stateHolding('a').room(unlimited, noonMs)).toBe(Infinity);
  });

  it('is the quota less what is spent and held', () => {
    const state = stateHolding('a', 'b');
    state.settle(settlementOf('a', 30), limited, noonMs);
    expect(state.room(limited, noonMs)).toBe(1_000 - 30 - 100);
  });

  it('is the smallest of the room of quota, budget, and admin budget', () => {
    const policy = policyWith({
      quotaNanoUsd: 1_000,
      budget: { nanoUsd: 500, period: 'day' },
      adminBudget: { nanoUsd: 300, period: 'month' },
    });
    const state = stateHolding('a');
    expect(state.room(policy, noonMs)).toBe(200);
    state.settle(settlementOf('a', 50), policy, noonMs);
    expect(state.room(policy, noonMs)).toBe(250);
  });

  it('is negative if a request cost more than the quota had left', () => {
    const state = stateHolding('a');
    state.settle(settlementOf('a', 1_200), limited, noonMs);
    expect(state.room(limited, noonMs)).toBe(-200);
  });

  it('is restored at midnight UTC for a daily budget', () => {
    const policy = policyWith({ budget: { nanoUsd: 500, period: 'day' } });
    const state = stateHolding('a');
    state.settle(settlementOf('a', 500), policy, noonMs);
    const midnightMs = Date.parse('2026-11-25T00:00:00Z');
    expect(state.room(policy, midnightMs - 1)).toBe(0);
    expect(state.room(policy, midnightMs)).toBe(500);
  });
});

describe('holds', () => {
  it('replaces the amount when the same request holds again', () => {
    const state = stateHolding('a');
    state.hold(renewalWith({ requestId: 'a' }), 250, noonMs + 1_000);
    expect(state.held(noonMs)).toBe(250);
    expect(state.holds.size).toBe(1);
  });

  it('preserves the time and the tokens of the first hold when a request renews', () => {
    const state = stateHolding('a');
    state.hold(renewalWith({ requestId: 'a' }), 100, noonMs + 9_000);
    expect(state.holds.get('a')).toMatchObject({ heldAtMs: noonMs, tokens: 5, expiresAtMs: noonMs + 39_000 });
  });

  it('counts no concurrency for a request whose client left or that is part of another request', () => {
    const state = stateHolding('a', 'b');
    state.hold(requestWith({ requestId: 'c', within: 'a' }), 100, noonMs);
    state.hold(renewalWith({ requestId: 'b', hasLeft: true }), 100, noonMs);
    expect(state.countedAsOpen(requestWith({ requestId: 'd' }))).toBe(1);
    expect(state.countedAsOpen(requestWith({ requestId: 'd', within: 'a' }))).toBe(0);
  });

  it('preserves hasLeft when a later renewal omits it', () => {
    const state = stateHolding('a');
    state.hold(renewalWith({ requestId: 'a', hasLeft: true }), 100, noonMs);
    state.hold(renewalWith({ requestId: 'a' }), 100, noonMs);
    expect(state.countedAsOpen(requestWith())).toBe(0);
  });

  it('removes an abandoned hold without a charge', () => {
    const state = stateHolding('a');
    expect(state.abandon('a')).toMatchObject({ requestId: 'a', reservedNanoUsd: 100 });
    expect(state.held(noonMs)).toBe(0);
    expect(state.totals.spentNanoUsd).toBe(0);
    expect(state.isSettled('a')).toBe(false);
    expect(state.abandon('a')).toBeUndefined();
  });
});

describe('settlement', () => {
  it('charges once, releases the hold, and journals revision 1', () => {
    const state = stateHolding('a');
    expect(state.settle(settlementOf('a', 40), limited, noonMs)).toMatchObject({
      costNanoUsd: 40,
      revision: 1,
    });
    expect(state.held(noonMs)).toBe(0);
    expect(state.totals.spentNanoUsd).toBe(40);
  });

  it('returns null and charges nothing when the same request settles again', () => {
    const state = stateHolding('a');
    state.settle(settlementOf('a', 40), limited, noonMs);
    expect(state.settle(settlementOf('a', 90), limited, noonMs + 1)).toBeNull();
    expect(state.totals.spentNanoUsd).toBe(40);
  });

  it('charges nothing for a row without a cost', () => {
    const state = stateHolding('a');
    expect(state.settle(settlementOf('a', null), limited, noonMs)).toMatchObject({ costNanoUsd: null });
    expect(state.totals.spentNanoUsd).toBe(0);
  });

  it('charges a request that this ledger never admitted', () => {
    const state = stateHolding();
    state.settle(settlementOf('unknown', 70), limited, noonMs);
    expect(state.totals.spentNanoUsd).toBe(70);
  });
});

describe('expiry', () => {
  const leaseMs = 30_000;

  it('does nothing before the lease is over', () => {
    const state = stateHolding('a');
    expect(state.nextExpiryMs()).toBe(noonMs + leaseMs);
    expect(state.expire(limited, noonMs + leaseMs - 1)).toEqual([]);
  });

  it('charges the input of an orphan, and logs it as lost', () => {
    const state = stateHolding('a');
    const [row] = state.expire(limited, noonMs + leaseMs);
    expect(row).toMatchObject({
      id: 'a',
      status: 500,
      errorCode: 'worker_lost',
      costNanoUsd: 10,
      revision: 1,
    });
    expect(state.totals.spentNanoUsd).toBe(10);
    expect(state.nextExpiryMs()).toBeNull();
  });

  it('never charges an orphan more than its reservation', () => {
    const state = new LedgerState(noTotals);
    state.hold(requestWith({ inputNanoUsd: 500 }), 100, noonMs);
    expect(state.expire(limited, noonMs + leaseMs)).toMatchObject([{ costNanoUsd: 100 }]);
  });

  it('is replaced once by the true cost, with a higher revision', () => {
    const state = stateHolding('a');
    state.expire(limited, noonMs + leaseMs);
    expect(state.settle(settlementOf('a', 60), limited, noonMs + 40_000)).toMatchObject({ revision: 2 });
    expect(state.totals.spentNanoUsd).toBe(60);
    expect(state.settle(settlementOf('a', 80), limited, noonMs + 41_000)).toBeNull();
    expect(state.totals.spentNanoUsd).toBe(60);
  });

  it('does not affect a background response before it is settled', () => {
    const state = stateHolding('a');
    state.holdUntilSettled('a');
    expect(state.nextExpiryMs()).toBeNull();
    expect(state.expire(limited, noonMs + 3_600_000)).toEqual([]);
    state.hold(renewalWith({ requestId: 'a' }), 100, noonMs + 1_000);
    expect(state.expire(limited, noonMs + 3_600_000)).toEqual([]);
    expect(state.held(noonMs)).toBe(100);
  });
});

describe('a reset', () => {
  const stored = (requestId: string): Hold => {
    const hold = stateHolding(requestId).holds.get(requestId);
    if (hold === undefined) throw new Error('nothing is held');
    return hold;
  };

  it('gives a restored hold 15 seconds to be renewed, once', () => {
    const wokenAtMs = noonMs + 60_000;
    const once = new LedgerState(noTotals);
    once.restore(stored('a'), wokenAtMs);
    expect(once.nextExpiryMs()).toBe(wokenAtMs + 15_000);
    const twice = new LedgerState(noTotals);
    twice.restore(once.holds.get('a') as Hold, wokenAtMs + 10_000);
    expect(twice.nextExpiryMs()).toBe(wokenAtMs + 15_000);
  });

  it('does not restore a hold whose request is settled', () => {
    const state = stateHolding();
    state.remember({ ...settlementOf('a', 40).row, revision: 1 }, noonMs);
    state.restore(stored('a'), noonMs);
    expect(state.held(noonMs)).toBe(0);
  });

  it('counts the unexplained part of the ceiling as held until the longest lease has expired', () => {
    const state = new LedgerState({ ...noTotals, spentNanoUsd: 200 });
    state.restore(stored('a'), noonMs);
    state.markUnaccounted(1_000, [], noonMs);
    expect(state.held(noonMs)).toBe(100 + 700);
    expect(state.held(noonMs + 30_000)).toBe(100);
  });

  it('preserves the end of the unaccounted holds of an earlier reset', () => {
    const state = stateHolding();
    state.markUnaccounted(500, [{ nanoUsd: 500, untilMs: noonMs + 5_000 }], noonMs);
    expect(state.unaccountedHolds).toEqual([{ nanoUsd: 500, untilMs: noonMs + 5_000 }]);
    expect(state.held(noonMs + 5_000)).toBe(0);
  });

  it('deducts a running request that renews from the unaccounted holds', () => {
    const state = stateHolding();
    state.markUnaccounted(300, [], noonMs);
    state.adopt(renewalWith({ requestId: 'a', reservedNanoUsd: 100 }), noonMs);
    expect(state.held(noonMs)).toBe(300);
    expect(state.unaccountedHolds).toMatchObject([{ nanoUsd: 200 }]);
  });

  it('deducts a request that settles from the unaccounted holds', () => {
    const state = stateHolding();
    state.markUnaccounted(300, [], noonMs);
    state.settle(settlementOf('a', 80), limited, noonMs);
    expect(state.held(noonMs)).toBe(220);
    expect(state.totals.spentNanoUsd).toBe(80);
  });

  it('does not hold a settled request again when its renewal is late', () => {
    const state = stateHolding('a');
    state.settle(settlementOf('a', 40), limited, noonMs);
    state.adopt(renewalWith({ requestId: 'a' }), noonMs);
    expect(state.holds.size).toBe(0);
  });

  it('holds a request again that only expired, because its true cost is still expected', () => {
    const state = stateHolding('a');
    state.expire(limited, noonMs + 30_000);
    state.adopt(renewalWith({ requestId: 'a' }), noonMs + 31_000);
    expect(state.held(noonMs)).toBe(100);
    expect(state.settle(settlementOf('a', 90), limited, noonMs + 32_000)).toMatchObject({ revision: 2 });
    expect(state.totals.spentNanoUsd).toBe(90);
  });

  it('restores an expiry from the journal as one that the true cost may replace', () => {
    const state = new LedgerState({ ...noTotals, spentNanoUsd: 10 });
    state.remember({ ...settlementOf('a', 10).row, errorCode: 'worker_lost', revision: 1 }, noonMs);
    expect(state.settle(settlementOf('a', 60), limited, noonMs)).toMatchObject({ revision: 2 });
    expect(state.totals.spentNanoUsd).toBe(60);
  });
});

describe('the list of settled requests', () => {
  it('drops an id after ten minutes, and not before', () => {
    const state = stateHolding('a', 'b');
    state.settle(settlementOf('a', 1), limited, noonMs);
    state.settle(settlementOf('b', 1), limited, noonMs + 1);
    state.forget(noonMs + 599_999);
    expect([state.isSettled('a'), state.isSettled('b')]).toEqual([true, true]);
    state.forget(noonMs + 600_000);
    expect([state.isSettled('a'), state.isSettled('b')]).toEqual([false, true]);
  });
});

/** Returns a reproducible generator of numbers in [0, 1): mulberry32. */
function randomFrom(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])(
  'agrees with simple accounting over 2,000 random steps (seed %i)',
  (seed) => {
    const random = randomFrom(seed);
    const state = new LedgerState(noTotals);
    const held = new Map<string, { amount: number; input: number; endsAtMs: number }>();
    const charged = new Map<string, { cost: number; isFinal: boolean }>();
    let nowMs = noonMs;
    for (let step = 0; step < 2_000; step++) {
      nowMs += Math.floor(random() * 4_000);
      const id = `req_${Math.floor(random() * 200)}`;
      const amount = Math.floor(random() * 100);
      const input = Math.floor(random() * 60);
      const kind = random();
      if (kind < 0.5 && !charged.has(id)) {
        if (amount > state.room(limited, nowMs) && !held.has(id)) continue;
        state.hold(requestWith({ requestId: id, inputNanoUsd: input, nowMs }), amount, nowMs);
        held.set(id, { amount, input, endsAtMs: nowMs + 30_000 });
      } else if (kind < 0.8) {
        state.settle(settlementOf(id, amount), limited, nowMs);
        held.delete(id);
        if (!charged.get(id)?.isFinal) charged.set(id, { cost: amount, isFinal: true });
      } else if (kind < 0.9) {
        state.abandon(id);
        held.delete(id);
      } else {
        state.expire(limited, nowMs);
        for (const [orphan, { amount: most, input: cost, endsAtMs }] of held) {
          if (endsAtMs > nowMs) continue;
          held.delete(orphan);
          charged.set(orphan, { cost: Math.min(cost, most), isFinal: false });
        }
      }
      expect(state.held(nowMs)).toBe([...held.values()].reduce((sum, hold) => sum + hold.amount, 0));
      expect(state.totals.spentNanoUsd).toBe([...charged.values()].reduce((sum, { cost }) => sum + cost, 0));
    }
    expect(charged.size).toBeGreaterThan(20);
  },
);
