// The ledger's money: reservations and charges, each applied once however often it is repeated.
import { afterEach, expect, it, vi } from 'vitest';
import type { TokenPolicy } from '../../../src/tokens/token.ts';
import { newLedger } from './ledgers.ts';

afterEach(() => void vi.useRealTimers());

it('admits exactly what fits, and releases what a request did not need', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 100 });
  expect(await ledger.admit(40, { requestId: 'one' })).toBe('admitted');
  expect(await ledger.admit(40, { requestId: 'two' })).toBe('admitted');
  expect(await ledger.admit(21)).toBe('insufficient_quota');
  expect(await ledger.admit(20, { requestId: 'three' })).toBe('admitted');
  await ledger.rpc().settle([ledger.settlement('one', 7), ledger.settlement('two', 40)]);
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 47, reservedNanoUsd: 20, open: 1 });
  expect(await ledger.admit(34)).toBe('insufficient_quota');
  expect(await ledger.admit(33)).toBe('admitted');
});

it('reserves a repeated request once, and charges repeated settlements once', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 100 });
  for (let times = 0; times < 3; times++)
    expect(await ledger.admit(60, { requestId: 'same' })).toBe('admitted');
  expect(await ledger.rpc().balance()).toMatchObject({ reservedNanoUsd: 60, open: 1 });
  const settlement = ledger.settlement('same', 33);
  await Promise.all([ledger.rpc().settle([settlement, settlement]), ledger.rpc().settle([settlement])]);
  await ledger.rpc().settle([ledger.settlement('same', 99)]);
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 33, reservedNanoUsd: 0, open: 0 });
});

it('charges piggybacked settlements before it decides on the admission', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 100 });
  await ledger.admit(100, { requestId: 'first' });
  const second = ledger.admissionRequest({ reserveNanoUsd: 95 });
  expect(await ledger.rpc().admit(second, [ledger.settlement('first', 6)])).toMatchObject({
    outcome: 'refused',
  });
  expect(await ledger.admit(94)).toBe('admitted');
});

it('charges a request without a reservation at this ledger, such as one of a lost hold', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 100 });
  await ledger.rpc().settle([ledger.settlement('unknown', 12)]);
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 12, reservedNanoUsd: 0 });
});

it('overdraws by what a request cost beyond its bound, and then admits nothing', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 100 });
  await ledger.admit(50, { requestId: 'costly' });
  await ledger.rpc().settle([ledger.settlement('costly', 130)]);
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 130 });
  expect(await ledger.admit(0)).toBe('insufficient_quota');
  expect(await ledger.admit(0, { free: true })).toBe('admitted');
});

it('settles an orphan at its input’s cost when its lease expires, and replaces that by the actual figure once', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 100 });
  await ledger.admit(60, { requestId: 'orphan', inputNanoUsd: 9 });
  const startMs = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: startMs + 29_000 });
  await ledger.alarm();
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 0, reservedNanoUsd: 60, open: 1 });
  vi.setSystemTime(startMs + 31_000);
  await ledger.alarm();
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 9, reservedNanoUsd: 0, open: 0 });
  await ledger.rpc().settle([ledger.settlement('orphan', 25)]);
  await ledger.rpc().settle([ledger.settlement('orphan', 77)]);
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 25, open: 0 });
});

it('sets an alarm for the expiry of an orphan', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 100 });
  await ledger.admit(60);
  await vi.waitFor(async () => expect(await ledger.alarm()).toBe(true), { timeout: 2_000 });
});

it('keeps a reservation whose lease is renewed', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 100 });
  await ledger.admit(60, { requestId: 'alive', inputNanoUsd: 9 });
  const startMs = Date.now();
  vi.useFakeTimers({ toFake: ['Date'], now: startMs + 20_000 });
  await ledger.rpc().renew([ledger.renewal({ requestId: 'alive', reservedNanoUsd: 60, wantNanoUsd: 60 })]);
  vi.setSystemTime(startMs + 45_000);
  await ledger.alarm();
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 0, reservedNanoUsd: 60, open: 1 });
});

it('does not admit a late renewal as a new request', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 100 });
  await ledger.admit(60, { requestId: 'over', inputNanoUsd: 9 });
  await ledger.rpc().settle([ledger.settlement('over', 40)]);
  const late = ledger.renewal({ requestId: 'over', reservedNanoUsd: 60, wantNanoUsd: 60, inputNanoUsd: 9 });
  expect(await ledger.rpc().renew([late])).toMatchObject([{ outcome: 'go-on' }]);
  expect(await ledger.rpc().balance()).toMatchObject({ reservedNanoUsd: 0, open: 0 });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 });
  await ledger.alarm();
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 40, open: 0 });
});

it('extends a running request as far as the quota allows, and ends it when the quota is spent', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 100 });
  await ledger.admit(60, { requestId: 'running' });
  const renew = (wantNanoUsd: number, runningNanoUsd: number) =>
    ledger
      .rpc()
      .renew([ledger.renewal({ requestId: 'running', reservedNanoUsd: 60, wantNanoUsd, runningNanoUsd })]);
  expect(await renew(90, 50)).toEqual([{ outcome: 'go-on', reservedNanoUsd: 90 }]);
  // Ten are left: the request gets them, and continues until they are used.
  expect(await renew(150, 80)).toEqual([{ outcome: 'go-on', reservedNanoUsd: 100 }]);
  expect(await renew(150, 99)).toEqual([{ outcome: 'go-on', reservedNanoUsd: 100 }]);
  expect(await renew(150, 100)).toMatchObject([{ outcome: 'refused', code: 'insufficient_quota' }]);
  expect(await ledger.rpc().balance()).toMatchObject({ reservedNanoUsd: 100 });
});

const edits: [string, Partial<TokenPolicy>, string][] = [
  ['deleted', { status: 'deleted' }, 'invalid_api_key'],
  ['disabled', { status: 'disabled' }, 'token_disabled'],
  ['expired', { expiresAtMs: 1 }, 'token_expired'],
  ['restricted to other models', { models: ['claude-*'] }, 'model_not_allowed'],
  ['rotated', { hashes: [] }, 'invalid_api_key'],
];

it.each(edits)('ends a running request whose token is %s', async (_, change, code) => {
  const ledger = await newLedger();
  await ledger.admit(1, { requestId: 'running' });
  await ledger.rpc().configure(ledger.policy({ version: 2, ...change }));
  const renewal = ledger.renewal({ requestId: 'running', reservedNanoUsd: 1, wantNanoUsd: 1 });
  expect(await ledger.rpc().renew([renewal])).toMatchObject([{ outcome: 'refused', code }]);
});

it('applies a lowered and a raised quota at once', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 100 });
  await ledger.admit(50, { requestId: 'one' });
  await ledger.rpc().settle([ledger.settlement('one', 50)]);
  await ledger.rpc().configure(ledger.policy({ version: 2, quotaNanoUsd: 30 }));
  expect(await ledger.admit(1, { policyVersion: 2 })).toBe('insufficient_quota');
  await ledger.rpc().configure(ledger.policy({ version: 3, quotaNanoUsd: 80 }));
  expect(await ledger.admit(31, { policyVersion: 3 })).toBe('insufficient_quota');
  expect(await ledger.admit(30, { policyVersion: 3 })).toBe('admitted');
});

it('ignores older policies, and every policy after a deletion', async () => {
  const ledger = await newLedger({ version: 5, status: 'disabled' });
  await ledger.rpc().configure(ledger.policy({ version: 4 }));
  await ledger.rpc().configure(ledger.policy({ version: 5 }));
  expect(await ledger.admit(1)).toBe('token_disabled');
  await ledger.rpc().configure(ledger.policy({ version: 6, status: 'deleted' }));
  await ledger.rpc().configure(ledger.policy({ version: 7 }));
  expect(await ledger.admit(1)).toBe('invalid_api_key');
});

it('returns the new policy to a caller with an older one, and requests the policy when its own is older', async () => {
  const ledger = await newLedger({ version: 3 });
  expect(await ledger.rpc().admit(ledger.admissionRequest({ policyVersion: 2 }), [])).toMatchObject({
    outcome: 'stale',
    policy: { version: 3 },
  });
  expect(await ledger.rpc().admit(ledger.admissionRequest({ policyVersion: 4 }), [])).toBeNull();
  expect(await ledger.rpc().balance()).toMatchObject({ open: 0 });
});

it('refuses a model without a price only where spend is limited', async () => {
  const unlimited = await newLedger();
  expect(await unlimited.admit(0, { reserveNanoUsd: null })).toBe('admitted');
  const limited = await newLedger({ budget: { nanoUsd: 5, period: 'day' } });
  expect(await limited.admit(0, { reserveNanoUsd: null })).toBe('model_price_unset');
});

it('imports spend from elsewhere, and never lowers it', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 100 });
  expect(await ledger.rpc().restore(ledger.policy(), 90)).toBe(true);
  expect(await ledger.rpc().restore(ledger.policy(), 80)).toBe(false);
  expect(await ledger.admit(11)).toBe('insufficient_quota');
  expect(await ledger.admit(10)).toBe('admitted');
});

it('resets a budget at the end of its period, and reports when', async () => {
  const sundayNight = Date.parse('2029-12-30T23:59:50Z');
  vi.useFakeTimers({ toFake: ['Date'], now: sundayNight });
  const ledger = await newLedger({ budget: { nanoUsd: 100, period: 'week' }, quotaNanoUsd: 150 });
  await ledger.admit(90, { requestId: 'one' });
  await ledger.rpc().settle([ledger.settlement('one', 90)]);
  const refusal = await ledger.rpc().admit(ledger.admissionRequest({ reserveNanoUsd: 20 }), []);
  expect(refusal).toMatchObject({ code: 'insufficient_quota', retryAfterMs: 10_000 });
  vi.setSystemTime(sundayNight + 10_000);
  expect(await ledger.admit(20, { requestId: 'two' })).toBe('admitted');
  await ledger.rpc().settle([ledger.settlement('two', 20)]);
  expect(await ledger.rpc().balance()).toMatchObject({ spentNanoUsd: 110, budgetSpentNanoUsd: 20 });
  // The quota is a total: a new week does not reset it.
  expect(await ledger.admit(41)).toBe('insufficient_quota');
});

it('decides requests of one call in their order, each for itself', async () => {
  const ledger = await newLedger({ quotaNanoUsd: 100, allowedIps: [] });
  const requests = [
    { requestId: 'first', reserveNanoUsd: 60 },
    { requestId: 'too much', reserveNanoUsd: 60 },
    { requestId: 'other token', reserveNanoUsd: 1, hash: 'b'.repeat(64) },
    { requestId: 'last', reserveNanoUsd: 40 },
    { requestId: 'first', reserveNanoUsd: 60 },
    { requestId: 'old plan', reserveNanoUsd: 1, policyVersion: 0 },
    { requestId: 'newer plan', reserveNanoUsd: 1, policyVersion: 2 },
  ].map((fields) => ledger.admissionRequest(fields));
  const admissions = await ledger.rpc().admitAll(requests);
  expect(
    admissions.map((admission) => (admission?.outcome === 'refused' ? admission.code : admission?.outcome)),
  ).toEqual([
    'admitted',
    'insufficient_quota',
    'invalid_api_key',
    'admitted',
    'admitted',
    'stale',
    undefined,
  ]);
  expect(await ledger.rpc().balance()).toMatchObject({ reservedNanoUsd: 100, open: 2 });
});

it('admits no more than the room of a thousand requests in shared calls, in ten orders', async () => {
  for (let seed = 0; seed < 10; seed++) {
    const ledger = await newLedger({ quotaNanoUsd: 100 * 7 });
    let size = seed * 7_919;
    const requests = Array.from({ length: 1_000 }, (_, index) =>
      ledger.admissionRequest({ requestId: `r${index}`, reserveNanoUsd: 7 }),
    );
    const calls: Promise<unknown>[] = [];
    while (requests.length > 0) {
      size = (size * 31 + 17) % 1_009;
      const members = requests.splice(0, 1 + (size % 60));
      calls.push(ledger.rpc().admitAll(members));
      // A call that got lost on its way back is repeated.
      if (size % 5 === 0) calls.push(ledger.rpc().admitAll(members));
    }
    await Promise.all(calls);
    expect(await ledger.rpc().balance()).toMatchObject({ reservedNanoUsd: 700, open: 100 });
  }
});
