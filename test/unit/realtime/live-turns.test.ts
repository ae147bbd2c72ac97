// Tests the turns of a Live session separately: how long they wait for their usage and for each other, at the
// exact limits, and which reservation a usage settles.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Reservation } from '../../../src/admission/reservation.ts';
import { type Usage, usageOf } from '../../../src/formats/usage.ts';
import { RelayError } from '../../../src/lib/relay-error.ts';
import { LiveConversation } from '../../../src/realtime/gemini/conversation.ts';
import { LiveTurns } from '../../../src/realtime/gemini/turns.ts';
import { realtimeLimits } from '../../../src/realtime/limits.ts';
import type { Pricing, SessionMoney, Turn, TurnEnding } from '../../../src/realtime/money.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pricing = { rates: null, multiplier: 1 } as Pricing;
const figure = (inputTokens: number) => usageOf({ inputTokens, outputTokens: 5 });

/** Returns turns with recorded money. `mayReserve` is whether the quota has room. */
function turnsWith() {
  const settled: { id: string; usage: Usage | null; source: TurnEnding['source'] }[] = [];
  const released: string[] = [];
  const failures: unknown[] = [];
  const quota = { mayReserve: true, mayRenew: true };
  let made = 0;
  const newTurn = (_: unknown, measure: Turn['measure'], hasBegun: boolean) => {
    made += 1;
    const sums = { characters: 0, audioCharacters: 0, startedAtMs: Date.now() };
    const reservation = { reservedNanoUsd: made } as Reservation;
    const flags = { firstOutputAtMs: null, eventId: null, isCancelled: false, hasBegun };
    return {
      requestId: `turn ${made}`,
      pricing,
      measure,
      bound: null,
      reservation,
      ...sums,
      ...flags,
    } satisfies Turn;
  };
  const spent = () => new RelayError('insufficient_quota', 'The quota is spent.');
  const money = {
    unreservedTurn: newTurn,
    reserve: async (...given: Parameters<typeof newTurn>) => {
      if (!quota.mayReserve) throw spent();
      return newTurn(...given);
    },
    measure: () => undefined,
    renew: async () => (quota.mayRenew ? null : spent()),
    remeasure: async () => (quota.mayRenew ? null : spent()),
    settle: ({ requestId: id }: Turn, { usage, source }: TurnEnding) => settled.push({ id, usage, source }),
    release: (turns: Turn[]) => released.push(...turns.map(({ requestId }) => requestId)),
  };
  const turns = new LiveTurns({
    conversation: new LiveConversation(),
    money: money as unknown as SessionMoney,
    pricing: () => pricing,
    fail: (thrown) => failures.push(thrown),
    background: (work) => void work,
  });
  const ids = () => settled.map(({ id, source }) => `${id} ${source}`);
  return { turns, quota, settled, released, failures, ids };
}

describe('a completed turn', () => {
  it('waits for its usage up to the limit, then is charged by what passed', async () => {
    const { turns, ids } = turnsWith();
    await turns.request();
    turns.received(30, null);
    turns.completed();
    vi.advanceTimersByTime(realtimeLimits.figureWaitMs - 1);
    await turns.renew();
    expect([ids(), turns.isEmpty]).toEqual([[], false]);
    vi.advanceTimersByTime(1);
    await turns.renew();
    expect([ids(), turns.isEmpty]).toEqual([['turn 1 estimated'], true]);
  });

  it('is charged by a usage that arrives in time', async () => {
    const { turns, settled } = turnsWith();
    await turns.request();
    turns.received(30, null);
    turns.completed();
    vi.advanceTimersByTime(realtimeLimits.figureWaitMs);
    turns.counted(figure(700));
    expect(settled).toMatchObject([{ id: 'turn 1', source: 'upstream', usage: { inputTokens: 700 } }]);
    expect(turns.isEmpty).toBe(true);
  });

  it('is charged by what passed as soon as another turn begins', async () => {
    const { turns, ids } = turnsWith();
    await turns.request();
    turns.received(30, null);
    turns.completed();
    await turns.request();
    turns.received(3, null);
    expect(ids()).toEqual(['turn 1 estimated']);
    turns.counted(figure(900));
    turns.completed();
    expect(ids()).toEqual(['turn 1 estimated', 'turn 2 upstream']);
  });
});

describe('a turn without room', () => {
  it('is refused at once if no turn is running', async () => {
    const { turns, quota } = turnsWith();
    quota.mayReserve = false;
    await expect(turns.request()).rejects.toMatchObject({ code: 'insufficient_quota' });
  });

  it.each(['its figure', 'its end', 'the end of the session'])(
    'is refused after %s ends the running turn',
    async (end) => {
      const { turns, quota } = turnsWith();
      await turns.request();
      turns.received(30, null);
      quota.mayReserve = false;
      const outcome = turns.request().catch((error: unknown) => error);
      let refused: unknown = null;
      void outcome.then((error) => {
        refused = error;
      });
      await vi.advanceTimersByTimeAsync(realtimeLimits.lastTurnMs - 1);
      expect(refused).toBeNull();
      if (end === 'its figure') turns.counted(figure(1));
      else if (end === 'its end') turns.completed();
      else turns.end('client', 'client_left');
      expect(await outcome).toMatchObject({ code: 'insufficient_quota' });
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it('does not wait for a running turn beyond the limit', async () => {
    const { turns, quota } = turnsWith();
    await turns.request();
    turns.received(30, null);
    quota.mayReserve = false;
    const outcome = turns.request().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(realtimeLimits.lastTurnMs);
    expect(await outcome).toMatchObject({ code: 'insufficient_quota' });
  });
});

describe('the reservation of a turn', () => {
  it('is released except for the highest one if one answer covers several turns', async () => {
    const { turns, ids, released } = turnsWith();
    await turns.reserveForAudio();
    await turns.request();
    await turns.request();
    turns.received(1, null);
    expect(released.sort()).toEqual(['turn 1', 'turn 2']);
    turns.counted(figure(10));
    expect(ids()).toEqual(['turn 3 upstream']);
    expect(turns.isEmpty).toBe(true);
  });

  it('is released for unanswered audio, and charged its input if the client left a requested turn', async () => {
    const left = turnsWith();
    await left.turns.reserveForAudio();
    await left.turns.request();
    left.turns.end('client', 'client_left');
    expect([left.ids(), left.released]).toEqual([['turn 2 estimated'], ['turn 1']]);
    const lost = turnsWith();
    await lost.turns.request();
    lost.turns.end('upstream', 'upstream_lost');
    expect([lost.ids(), lost.released]).toEqual([[], ['turn 1']]);
  });

  it('is requested late if the upstream begins on its own, and its refusal ends the session', async () => {
    const { turns, quota, failures, ids } = turnsWith();
    quota.mayRenew = false;
    turns.received(1, null);
    await vi.advanceTimersByTimeAsync(0);
    expect(failures).toMatchObject([{ code: 'insufficient_quota' }]);
    turns.end('relay', 'insufficient_quota');
    expect(ids()).toEqual(['turn 1 estimated']);
  });

  it('covers audio while anything is held or the client takes the turns', async () => {
    const { turns } = turnsWith();
    expect(turns.isReservedForAudio).toBe(false);
    await turns.request();
    expect(turns.isReservedForAudio).toBe(true);
    turns.received(1, null);
    expect(turns.isReservedForAudio).toBe(true);
    turns.counted(figure(1));
    expect(turns.isReservedForAudio).toBe(false);
  });
});

it('charges a usage that belongs to no turn', () => {
  const { turns, settled } = turnsWith();
  turns.counted(figure(40));
  expect(settled).toMatchObject([{ source: 'upstream', usage: { inputTokens: 40 } }]);
});

it('adds a tool’s result to the turn that called it, or begins a turn', async () => {
  const { turns, ids } = turnsWith();
  await turns.request();
  turns.received(10, null);
  await turns.answered();
  turns.counted(figure(1));
  await turns.answered();
  turns.received(10, null);
  turns.counted(figure(2));
  expect(ids()).toEqual(['turn 1 upstream', 'turn 2 upstream']);
});
