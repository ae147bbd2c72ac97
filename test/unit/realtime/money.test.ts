// Tests the money of a session at an imitated ledger: what its turns reserve, extend and settle.
import { describe, expect, it } from 'vitest';
import { usageOf } from '../../../src/formats/usage.ts';
import { freeRates } from '../../../src/metering/rates.ts';
import type { LedgerClient } from '../../../src/quota/client.ts';
import type { Admission, AdmissionRequest, LeaseRenewal, Settlement } from '../../../src/quota/quota.ts';
import { measureOf } from '../../../src/realtime/bound.ts';
import { type Pricing, SessionMoney } from '../../../src/realtime/money.ts';
import type { SessionOrder } from '../../../src/realtime/order.ts';
import type { Settlements } from '../../../src/realtime/settlements.ts';
import type { TokenIdentity, TokenPolicy } from '../../../src/tokens/token.ts';

const bounds = { version: 1, priceMultiplierMillionths: 1_000_000, channels: [] };
const identity = { tokenId: 't', accountId: 'a', group: 'g', bounds, version: 1, hash: 'h' } as TokenIdentity;
const free = freeRates('published');
/** One nano-USD per token. */
const rates = { ...free, base: { ...free.base, input: 1_000, output: 1_000 } };
const pricing = {
  rates,
  multiplier: 1,
  named: 'alias',
  model: 'm',
  upstreamModel: 'm',
  channel: { id: 'c', provider: 'gemini' },
} as unknown as Pricing;

function moneyAt(admissions: Admission[]) {
  const admitted: AdmissionRequest[] = [];
  const renewals: LeaseRenewal[] = [];
  const settled: Settlement[] = [];
  const ledgers = {
    admit: async (_tokenId: string, request: AdmissionRequest) => {
      admitted.push(request);
      return admissions.shift() ?? { outcome: 'admitted' as const };
    },
    renew: async (_tokenId: string, renewal: LeaseRenewal) => {
      renewals.push(renewal);
      return { outcome: 'go-on' as const, reservedNanoUsd: renewal.wantNanoUsd };
    },
  } as unknown as LedgerClient;
  const order = { requestId: 'req', format: 'gemini', endpoint: '/ws', identity, ip: null, model: 'alias' };
  const settlements = { add: (settlement: Settlement) => settled.push(settlement) } as unknown as Settlements;
  const session = order as unknown as SessionOrder;
  const money = new SessionMoney(session, ledgers, settlements, () => undefined);
  return { money, order, admitted, renewals, settled };
}

const measure = (tokens: number) => measureOf(usageOf({ inputTokens: tokens }), 100_000, false);

describe('a turn’s money', () => {
  it('is reserved within its session for the model that answers', async () => {
    const { money, admitted } = moneyAt([]);
    const turn = await money.reserve(pricing, measure(1_000), true);
    expect(admitted).toMatchObject([
      { requestId: 'req_1', within: 'req', model: 'alias', models: ['m'], inputNanoUsd: 1_000, free: false },
    ]);
    expect(turn.reservation.reservedNanoUsd).toBe(admitted[0]?.reserveNanoUsd);
  });

  it('is reserved with the newest policy of an edited token', async () => {
    const policy = { ...identity, version: 2 } as unknown as TokenPolicy;
    const { money, order, admitted } = moneyAt([{ outcome: 'stale', policy }]);
    await money.reserve(pricing, measure(1_000), true);
    expect(admitted.map(({ policyVersion }) => policyVersion)).toEqual([1, 2]);
    expect(order.identity.version).toBe(2);
  });

  it('extends its reservation by the bound of its newest measure', async () => {
    const { money, renewals } = moneyAt([]);
    const small = measureOf(usageOf({ inputTokens: 10 }), 20, false);
    const turn = await money.reserve(pricing, small, true);
    const soFar = usageOf({ inputTokens: 1_000, outputTokens: 15 });
    money.measure(turn, measure(1_000));
    await money.renew(turn, soFar);
    expect(renewals[0]?.wantNanoUsd).toBe(1_015 + (turn.bound?.stepNanoUsd ?? 0));
    expect(turn.bound?.stepNanoUsd).toBeGreaterThan(20);
  });

  it('holds its cost at its first renewal if nothing was reserved', async () => {
    const { money, renewals } = moneyAt([]);
    const turn = money.unreservedTurn(pricing, measure(1_000), true);
    expect(turn.reservation.reservedNanoUsd).toBe(0);
    await money.renew(turn, usageOf({ inputTokens: 1_000 }));
    expect(renewals[0]?.reservedNanoUsd).toBe(0);
    expect(turn.reservation.reservedNanoUsd).toBeGreaterThan(1_000);
  });

  it('is settled once', async () => {
    const { money, settled } = moneyAt([]);
    const turn = await money.reserve(pricing, measure(1_000), true);
    const ending = {
      usage: usageOf({ inputTokens: 7 }),
      source: 'upstream',
      status: 200,
      errorCode: null,
    } as const;
    money.settle(turn, ending);
    money.settle(turn, { ...ending, status: 502 });
    expect(settled).toMatchObject([{ row: { id: 'req_1', status: 200, inputTokens: 7, costNanoUsd: 7 } }]);
  });
});
