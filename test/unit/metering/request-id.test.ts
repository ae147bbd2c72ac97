import { expect, it } from 'vitest';
import { newRequestId, requestTimeMs, turnRequestId } from '../../../src/metering/request-id.ts';

const nowMs = Date.parse('2026-12-01T12:00:00.123Z');

it('makes ids that sort by their time, have it, and differ in 74 random bits', () => {
  const ids = Array.from({ length: 1_000 }, (_, index) => newRequestId(nowMs + index));
  expect(ids.toSorted()).toEqual(ids);
  expect(ids.map(requestTimeMs)).toEqual(ids.map((_, index) => nowMs + index));
  const same = Array.from({ length: 1_000 }, () => newRequestId(nowMs));
  expect(new Set(same).size).toBe(1_000);
  const time = nowMs.toString(16).padStart(12, '0');
  for (const id of same) expect(id).toMatch(new RegExp(`^req_${time}7[0-9a-f]{3}[89ab][0-9a-f]{15}$`));
});

it('makes ids of turns that have the turn’s time', () => {
  const session = newRequestId(nowMs);
  const turn = turnRequestId(session, 12, nowMs + 1_234_567);
  expect(turn).toBe(`${session}_1201234567`);
  expect(requestTimeMs(turn)).toBe(nowMs + 1_234_567);
  expect(requestTimeMs(turnRequestId(session, 1, nowMs - 5))).toBe(nowMs);
  expect(turnRequestId('req_1', 2, nowMs)).toBe('req_1_2');
});

it('reads no time from other ids', () => {
  const earlier = 'req_0b4c8a4e1d8f4a63b6f5f2f7ce1d2a90';
  for (const id of [earlier, `${earlier}_1`, `${newRequestId(nowMs)}_1`, 'reconciled-tok_1-5-0', '', 'req_'])
    expect(requestTimeMs(id)).toBeNull();
});
