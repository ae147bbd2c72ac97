// One budget that all tokens of an account share: the real ledgers of tokens and accounts.
import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, expect, it, vi } from 'vitest';
import type { AccountBudget, AccountLedgerRpc } from '../../../src/quota/account-budget.ts';
import { newLedger, type TestLedger } from './ledgers.ts';

afterEach(() => void vi.useRealTimers());

const budgetOf = (nanoUsd: number, version = 1): AccountBudget => ({ nanoUsd, period: 'month', version });

/** Creates tokens of one new account with a budget. */
async function tokensOf(count: number, nanoUsd: number, fields: object = {}) {
  const accountId = `acc_${crypto.randomUUID()}`;
  const accountBudget = budgetOf(nanoUsd);
  const tokens = await Promise.all(
    Array.from({ length: count }, () => newLedger({ accountId, accountBudget, ...fields })),
  );
  const account = () => env.ACCOUNTS.get(env.ACCOUNTS.idFromName(accountId)) as unknown as AccountLedgerRpc;
  return { tokens, account, accountId };
}

async function admitAll(admissions: Promise<string>[]): Promise<number> {
  const answers = await Promise.all(admissions);
  expect(answers.filter((answer) => !['admitted', 'insufficient_quota'].includes(answer))).toEqual([]);
  return answers.filter((answer) => answer === 'admitted').length;
}

it('admits exactly 100 of 1,000 parallel requests over ten tokens when the budget allows 100', async () => {
  const { tokens } = await tokensOf(10, 100 * 7_000);
  const admissions = Array.from({ length: 1_000 }, (_, index) =>
    (tokens[index % 10] as TestLedger).admit(7_000),
  );
  expect(await admitAll(admissions)).toBe(100);
  const balances = await Promise.all(tokens.map((token) => token.rpc().balance()));
  expect(balances.reduce((sum, { reservedNanoUsd }) => sum + reservedNanoUsd, 0)).toBe(100 * 7_000);
});

it('admits exactly 100 of 1,000 requests that share calls, over ten tokens', async () => {
  const { tokens } = await tokensOf(10, 100 * 7_000);
  const calls = Array.from({ length: 40 }, async (_, index) => {
    const ledger = tokens[index % 10] as TestLedger;
    const requests = Array.from({ length: 25 }, () => ledger.admissionRequest({ reserveNanoUsd: 7_000 }));
    return (await ledger.rpc().admitAll(requests)).map((admission) => admission?.outcome);
  });
  const outcomes = (await Promise.all(calls)).flat();
  expect(outcomes.filter((outcome) => outcome === 'admitted')).toHaveLength(100);
  expect(outcomes.filter((outcome) => outcome === 'refused')).toHaveLength(900);
});

it('never exceeds the budget with requests of all sizes, and leaves less than the smallest', async () => {
  const { tokens } = await tokensOf(10, 1_000_000);
  const sizes = Array.from({ length: 600 }, (_, index) => 500 + ((index * 7_919) % 9_000));
  await Promise.all(sizes.map((size, index) => (tokens[index % 10] as TestLedger).admit(size)));
  await new Promise((resolve) => setTimeout(resolve, 150));
  while ((await tokens[0]?.admit(500)) === 'admitted');
  const balances = await Promise.all(tokens.map((token) => token.rpc().balance()));
  const held = balances.reduce((sum, { reservedNanoUsd }) => sum + reservedNanoUsd, 0);
  expect(held).toBeLessThanOrEqual(1_000_000);
  expect(held).toBeGreaterThan(1_000_000 - 500);
});

it('requests one allocation for many requests; an unavailable account ledger is no spent budget', async () => {
  const { tokens, accountId } = await tokensOf(1, 1_000_000_000);
  const [token] = tokens as [TestLedger];
  await token.admit(1_000);
  const stub = env.ACCOUNTS.get(env.ACCOUNTS.idFromName(accountId));
  await runInDurableObject(stub, (account) => {
    (account as unknown as { serve: unknown }).serve = () => Promise.reject(new Error('away'));
  });
  expect(await admitAll(Array.from({ length: 32 }, () => token.admit(1_000)))).toBe(32);
  await expect(token.admit(1_000)).rejects.toThrow('away');
});

it('reclaims another token’s unused allocation before it refuses', async () => {
  const { tokens } = await tokensOf(2, 100_000);
  const [one, other] = tokens as [TestLedger, TestLedger];
  await one.admit(1_000, { requestId: 'r' });
  await one.rpc().settle([one.settlement('r', 400)]);
  expect(await other.admit(99_600)).toBe('admitted');
  expect(await other.admit(1)).toBe('insufficient_quota');
  expect(await one.admit(1)).toBe('insufficient_quota');
});

it('counts what a request cost beyond its bound', async () => {
  const { tokens } = await tokensOf(2, 10_000);
  const [one, other] = tokens as [TestLedger, TestLedger];
  await one.admit(1_000, { requestId: 'r' });
  await one.rpc().settle([one.settlement('r', 4_000)]);
  // The account learns of the overspend when it reclaims, or when the token requests the next allocation.
  expect(await one.admit(6_001)).toBe('insufficient_quota');
  expect(await one.admit(6_000)).toBe('admitted');
  await new Promise((resolve) => setTimeout(resolve, 150));
  expect(await other.admit(1)).toBe('insufficient_quota');
});

it('stays exact after a reset of every ledger, and admits nothing twice', async () => {
  const { tokens } = await tokensOf(3, 9_000);
  for (const [index, token] of tokens.entries()) {
    await token.admit(2_000, { requestId: `r${index}` });
    await token.rpc().settle([token.settlement(`r${index}`, 2_000)]);
  }
  await abortAllDurableObjects();
  const admissions = Array.from({ length: 30 }, (_, index) => (tokens[index % 3] as TestLedger).admit(1_000));
  expect(await admitAll(admissions)).toBeLessThanOrEqual(3);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 });
  await Promise.all(tokens.map((token) => token.alarm()));
  const balances = await Promise.all(tokens.map((token) => token.rpc().balance()));
  const used = balances.reduce(
    (sum, { spentNanoUsd, reservedNanoUsd }) => sum + spentNanoUsd + reservedNanoUsd,
    0,
  );
  expect(used).toBeLessThanOrEqual(9_000);
  // The unaccounted holds have expired: the rest can be allocated.
  expect(await tokens[0]?.admit(9_000 - used)).toBe('admitted');
});

it('enforces a lowered budget from the moment of the answer', async () => {
  const { tokens, account, accountId } = await tokensOf(2, 1_000_000);
  const [one, other] = tokens as [TestLedger, TestLedger];
  await one.admit(1_000);
  const lower = budgetOf(3_000, 2);
  for (const token of tokens) {
    await token.rpc().configure(token.policy({ accountId, version: 2, accountBudget: lower }));
  }
  await account().configure(lower);
  const fields = { policyVersion: 2 };
  expect(await admitAll(Array.from({ length: 10 }, () => one.admit(1_000, fields)))).toBe(2);
  expect(await other.admit(1, fields)).toBe('insufficient_quota');
});

it('resets the budget at the end of its period, and reports when', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2027-01-31T23:59:50Z') });
  const { tokens } = await tokensOf(2, 5_000);
  const [one, other] = tokens as [TestLedger, TestLedger];
  await one.admit(5_000, { requestId: 'r' });
  const refusal = await other.rpc().admit(other.admissionRequest({ reserveNanoUsd: 1 }), []);
  expect(refusal).toMatchObject({ code: 'insufficient_quota', retryAfterMs: 10_000 });
  expect(JSON.stringify(refusal)).toContain("month's budget of this API key's account");
  await one.rpc().settle([one.settlement('r', 5_000)]);
  vi.setSystemTime(Date.parse('2027-02-01T00:00:01Z'));
  expect(await other.admit(3_000)).toBe('admitted');
  expect(await one.admit(2_000)).toBe('admitted');
  expect(await one.admit(1)).toBe('insufficient_quota');
});

it('extends a running stream by what is left of the budget, and then ends it', async () => {
  const { tokens } = await tokensOf(1, 3_000);
  const [token] = tokens as [TestLedger];
  await token.admit(2_000, { requestId: 's', stream: true });
  const renew = (held: number, running: number) =>
    token.rpc().renew([
      token.renewal({
        requestId: 's',
        reservedNanoUsd: held,
        runningNanoUsd: running,
        wantNanoUsd: held + 2_000,
      }),
    ]);
  expect(await renew(2_000, 1_900)).toEqual([{ outcome: 'go-on', reservedNanoUsd: 3_000 }]);
  expect(await renew(3_000, 3_000)).toMatchObject([{ outcome: 'refused', code: 'insufficient_quota' }]);
});

it('refuses a model without a price, as a quota does', async () => {
  const { tokens } = await tokensOf(1, 3_000);
  const [token] = tokens as [TestLedger];
  const answer = await token.rpc().admit(token.admissionRequest({ reserveNanoUsd: null }), []);
  expect(answer).toMatchObject({ code: 'model_price_unset' });
  const free = await token.rpc().admit(token.admissionRequest({ reserveNanoUsd: null, free: true }), []);
  expect(free).toMatchObject({ outcome: 'admitted' });
});

it('reads what all tokens have spent, and leaves their allocations and reservations', async () => {
  const { tokens, account } = await tokensOf(2, 100_000);
  const [one, other] = tokens as [TestLedger, TestLedger];
  expect(await account().spending(budgetOf(100_000))).toBe(0);
  await one.admit(1_000, { requestId: 'r' });
  await one.rpc().settle([one.settlement('r', 400)]);
  await other.admit(2_000, { requestId: 's' });
  expect(await account().spending(budgetOf(100_000))).toBe(400);
  await other.rpc().settle([other.settlement('s', 2_500)]);
  expect(await account().spending(budgetOf(100_000))).toBe(2_900);
  await runInDurableObject(one.stub, (ledger) => {
    (ledger as unknown as { allocation: object }).allocation = {};
  });
  // A token's ledger that fails counts as if it had spent its allocation.
  expect(await account().spending(budgetOf(100_000))).toBeGreaterThan(2_900);
  await account().restore(budgetOf(100_000), { spentNanoUsd: 50_000, periodStartMs: startOfMonth() });
  expect(await account().spending(budgetOf(100_000))).toBeGreaterThanOrEqual(50_000);
  expect(await account().spending({ ...budgetOf(100_000, 2), period: 'day' })).toBe(0);
});

const startOfMonth = () => Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth());

it('counts imported spend in the same period once', async () => {
  const there = await tokensOf(2, 100_000);
  const [one, other] = there.tokens as [TestLedger, TestLedger];
  await one.admit(10_000, { requestId: 'r' });
  await one.rpc().settle([one.settlement('r', 4_000)]);
  await other.admit(1_000);
  const standing = await there.account().standing(budgetOf(100_000));
  // Reservations of running requests count, since they may still be spent. Unused allocations do not.
  expect(standing).toEqual({
    spentNanoUsd: 5_000,
    periodStartMs: Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth()),
  });
  const here = await tokensOf(1, 100_000);
  const [token] = here.tokens as [TestLedger];
  await here.account().restore(budgetOf(100_000), { ...standing, periodStartMs: standing.periodStartMs - 1 });
  expect((await here.account().standing(budgetOf(100_000))).spentNanoUsd).toBe(0);
  for (let repeated = 0; repeated < 2; repeated++) {
    await here.account().restore(budgetOf(100_000), standing);
    expect(await here.account().standing(budgetOf(100_000))).toEqual(standing);
  }
  expect(await token.admit(95_001)).toBe('insufficient_quota');
  expect(await token.admit(95_000)).toBe('admitted');
  await here.account().restore(budgetOf(100_000), { ...standing, spentNanoUsd: 1 });
  expect((await here.account().standing(budgetOf(100_000))).spentNanoUsd).toBe(100_000);
});

it('ignores an import where it was exported', async () => {
  const { tokens, account } = await tokensOf(1, 100_000);
  const [token] = tokens as [TestLedger];
  await token.admit(10_000, { requestId: 'r' });
  await token.rpc().settle([token.settlement('r', 4_000)]);
  const standing = await account().standing(budgetOf(100_000));
  await account().restore(budgetOf(100_000), standing);
  expect(await account().standing(budgetOf(100_000))).toEqual(standing);
  expect(await token.admit(96_000)).toBe('admitted');
  expect(await token.admit(1)).toBe('insufficient_quota');
});
