// Tests when background responses are polled, and what ends them.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BackgroundResponses, type Polled } from '../../../src/quota/background.ts';
import type { BackgroundOrder, TrackedResponse } from '../../../src/quota/records.ts';
import { noonMs, settlementOf } from './ledger-parts.ts';

const order: BackgroundOrder = {
  row: settlementOf('req_1', null).row,
  question: { hash: 'h', ip: null, model: 'gpt-5' },
  responseId: 'resp_1',
  channelId: 'ch_1',
  keyId: null,
  reservedNanoUsd: 900,
  typicalInput: null,
  rates: {} as BackgroundOrder['rates'],
  multiplier: 1,
};

let rows: Map<string, TrackedResponse>;
let polls: { atMs: number; cancel: boolean }[];
let outcome: Polled;

beforeEach(() => {
  vi.useFakeTimers({ now: noonMs });
  rows = new Map();
  polls = [];
  outcome = { outcome: 'running' };
});
afterEach(() => {
  vi.useRealTimers();
});

function loaded(): BackgroundResponses {
  const store = {
    readBackground: () => [...rows.values()],
    writeBackground: (tracked: TrackedResponse) => rows.set(tracked.order.row.id, tracked),
    deleteBackground: (id: string) => rows.delete(id),
  };
  return new BackgroundResponses(store as never, async (_, cancel) => {
    polls.push({ atMs: Date.now() - noonMs, cancel });
    return outcome;
  });
}

const poll = async (responses: BackgroundResponses, isRefused = false) => {
  vi.setSystemTime(responses.nextAtMs() ?? Date.now());
  return responses.pollDue(Date.now(), () => isRefused);
};

it('polls a background response after two seconds, then at growing intervals of at most thirty', async () => {
  const responses = loaded();
  responses.add(order, noonMs);
  for (let times = 0; times < 10; times++) expect(await poll(responses)).toEqual([]);
  const pauses = polls.map(({ atMs }, index) => atMs - (polls[index - 1]?.atMs ?? 0));
  expect(pauses.slice(0, 4)).toEqual([2_000, 3_000, 4_500, 6_750]);
  expect(pauses.at(-1)).toBe(30_000);
});

it('does not poll a background response before its time', async () => {
  const responses = loaded();
  responses.add(order, noonMs);
  expect(await responses.pollDue(noonMs + 1_999, () => false)).toEqual([]);
  expect(polls).toEqual([]);
});

it('returns the settlement of a background response that has ended', async () => {
  const responses = loaded();
  responses.add(order, noonMs);
  outcome = { outcome: 'ended', settlement: settlementOf('req_1', 120) };
  expect(await poll(responses)).toMatchObject([{ row: { costNanoUsd: 120 } }]);
});

describe('a background response is charged its reservation', () => {
  it('if the upstream no longer has it', async () => {
    const responses = loaded();
    responses.add(order, noonMs);
    outcome = { outcome: 'gone' };
    expect(await poll(responses)).toMatchObject([
      { row: { costNanoUsd: 900, errorCode: 'background_gone' } },
    ]);
  });

  it('if the upstream has not answered for an hour', async () => {
    const responses = loaded();
    responses.add(order, noonMs);
    outcome = { outcome: 'unanswered' };
    let settled: Awaited<ReturnType<typeof poll>> = [];
    while (settled.length === 0) settled = await poll(responses);
    expect(settled).toMatchObject([{ row: { costNanoUsd: 900, errorCode: 'background_unanswered' } }]);
    expect(Date.now() - noonMs).toBeGreaterThan(3_600_000);
    expect(Date.now() - noonMs).toBeLessThanOrEqual(3_630_000);
  });

  it('if it has run for a day', async () => {
    const responses = loaded();
    responses.add(order, noonMs);
    vi.setSystemTime(noonMs + 86_400_001);
    const settled = await responses.pollDue(Date.now(), () => false);
    expect(settled).toMatchObject([{ row: { costNanoUsd: 900, errorCode: 'background_endless' } }]);
  });

  it('with no cost if the model has no price', async () => {
    const responses = loaded();
    responses.add({ ...order, rates: null }, noonMs);
    outcome = { outcome: 'gone' };
    expect(await poll(responses)).toMatchObject([{ row: { costNanoUsd: null } }]);
  });
});

it('cancels a refused background response once, and continues to poll it', async () => {
  const responses = loaded();
  responses.add(order, noonMs);
  await poll(responses, true);
  await poll(responses, true);
  expect(polls.map(({ cancel }) => cancel)).toEqual([true, false]);
});

it('polls all background responses at once after an edit of the token', async () => {
  const responses = loaded();
  responses.add(order, noonMs);
  responses.pollAllSoon(noonMs + 10);
  expect(responses.nextAtMs()).toBe(noonMs + 10);
});

it('does not track a background response again that was settled during its poll', async () => {
  const responses = loaded();
  responses.add(order, noonMs);
  const polling = poll(responses);
  responses.remove('req_1');
  await polling;
  expect(responses.nextAtMs()).toBeNull();
  expect(rows.size).toBe(0);
});

it('restores the tracked background responses after a reset', async () => {
  loaded().add(order, noonMs);
  const responses = loaded();
  expect(responses.requestIds).toEqual(['req_1']);
  expect(responses.orderOf('resp_1')).toEqual(order);
  expect(responses.nextAtMs()).toBe(noonMs + 2_000);
});
