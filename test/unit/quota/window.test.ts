// Tests a sliding minute on both sides of its limit.
import { expect, it } from 'vitest';
import { SlidingWindow } from '../../../src/quota/window.ts';

const start = 1_800_000_000_000;

it('counts the last sixty seconds', () => {
  const window = new SlidingWindow();
  window.add(start, 3);
  window.add(start + 30_000, 4);
  expect(window.total(start + 59_999)).toBe(7);
  expect(window.total(start + 61_000)).toBe(4);
  expect(window.total(start + 91_000)).toBe(0);
});

it('includes all of the last sixty seconds, wherever in a second they were counted', () => {
  for (const offset of [0, 1, 500, 999]) {
    const window = new SlidingWindow();
    window.add(start + offset, 1);
    expect(window.total(start + offset + 60_000)).toBe(1);
    expect(window.total(start + offset + 61_000)).toBe(0);
  }
});

it('returns the exact waiting time: a millisecond earlier the amount does not fit', () => {
  const window = new SlidingWindow();
  for (let second = 0; second < 10; second++) window.add(start + second * 1_000, 2);
  const now = start + 10_000;
  expect(window.waitMs(now, 5, 25)).toBe(0);
  for (const amount of [6, 8, 20, 25]) {
    const wait = window.waitMs(now, amount, 25);
    expect(wait).toBeGreaterThan(0);
    const copy = () => new SlidingWindow(structuredClone(window.snapshot(now)));
    expect(copy().total(now + wait - 1) + amount).toBeGreaterThan(25);
    expect(copy().total(now + wait) + amount).toBeLessThanOrEqual(25);
  }
});

it('returns a whole window for an amount that never fits', () => {
  expect(new SlidingWindow().waitMs(start, 26, 25)).toBe(60_000);
});

it('subtracts an estimate, but never below zero', () => {
  const window = new SlidingWindow();
  window.add(start, 10);
  window.takeBack(start, 7);
  expect(window.total(start)).toBe(3);
  window.takeBack(start, 50);
  expect(window.total(start)).toBe(0);
});

it('subtracts an estimate in the second that counted it, after others were counted', () => {
  const window = new SlidingWindow();
  window.add(start, 800);
  window.add(start + 20_000, 5);
  window.takeBack(start, 790);
  expect(window.total(start + 30_000)).toBe(15);
  expect(window.total(start + 61_000)).toBe(5);
  // Amounts that have already left the window are not subtracted again.
  window.takeBack(start, 10);
  expect(window.total(start + 61_000)).toBe(5);
});

it('stores at most 62 seconds, whatever the traffic', () => {
  const window = new SlidingWindow();
  for (let ms = 0; ms < 300_000; ms += 100) window.add(start + ms, 1);
  expect(window.snapshot(start + 300_000).length).toBeLessThanOrEqual(62);
});
