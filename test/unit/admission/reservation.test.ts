// How a reservation is extended, renewed and settled.
import { describe, expect, it } from 'vitest';
import {
  extendedReservation,
  isShort,
  type LeaseSubject,
  Reservation,
} from '../../../src/admission/reservation.ts';
import { RelayError } from '../../../src/lib/relay-error.ts';
import type { LeaseRenewal, RenewalAnswer, Settlement } from '../../../src/quota/quota.ts';

const bound = { reserveNanoUsd: 300, fullNanoUsd: 1_000, stepNanoUsd: 200 };
const subject = { requestId: 'req_1' } as LeaseSubject;

/** Returns a reservation at a ledger that grants any amount up to `mostNanoUsd`. */
function reservationAt(mostNanoUsd: number, heldNanoUsd?: number) {
  const renewals: LeaseRenewal[] = [];
  const settled: Settlement[] = [];
  const ledgers = {
    renew: async (_tokenId: string, renewal: LeaseRenewal): Promise<RenewalAnswer> => {
      renewals.push(renewal);
      return { outcome: 'go-on', reservedNanoUsd: Math.min(renewal.wantNanoUsd, mostNanoUsd) };
    },
  };
  const deliver = (settlement: Settlement) => void settled.push(settlement);
  const reservation = new Reservation({ ledgers, tokenId: 'tok_1', deliver }, bound, heldNanoUsd);
  return { reservation, renewals, settled };
}

describe('isShort', () => {
  it('is true if the cost comes within half a step of the amount held', () => {
    expect(isShort(300, 200, bound)).toBe(false);
    expect(isShort(300, 201, bound)).toBe(true);
  });

  it('is false while the request’s highest possible cost is held', () => {
    expect(isShort(1_000, 1_000, bound)).toBe(false);
    expect(isShort(1_000, 1_001, bound)).toBe(true);
  });

  it('is true without a bound once anything has been charged', () => {
    expect([isShort(0, 0, null), isShort(0, 1, null)]).toEqual([false, true]);
  });
});

describe('extendedReservation', () => {
  it('adds one step to the cost', () => {
    expect(extendedReservation(250, bound)).toBe(450);
    expect(extendedReservation(250.2, bound)).toBe(451);
  });

  it('is at most the request’s own bound, unless the cost exceeds it', () => {
    expect(extendedReservation(900, bound)).toBe(1_000);
    expect(extendedReservation(1_001, bound)).toBe(1_201);
  });

  it('equals the cost without a bound', () => {
    expect(extendedReservation(7.5, null)).toBe(8);
  });
});

describe('Reservation', () => {
  it('holds the bound’s reservation from admission', () => {
    expect(reservationAt(1_000).reservation.reservedNanoUsd).toBe(300);
    expect(reservationAt(1_000, 0).reservation.reservedNanoUsd).toBe(0);
  });

  it('renews the lease without a higher amount while the cost is low', async () => {
    const { reservation, renewals } = reservationAt(1_000);
    expect(await reservation.renew(subject, { passedNanoUsd: 10, tokens: 4 })).toBeNull();
    expect(renewals).toEqual([
      { ...subject, reservedNanoUsd: 300, runningNanoUsd: 10, wantNanoUsd: 300, runningTokens: 4 },
    ]);
  });

  it('raises the hold by the supposed cost, and reports only what passed', async () => {
    const { reservation, renewals } = reservationAt(1_000);
    await reservation.renew(subject, { passedNanoUsd: 10, supposedNanoUsd: 290 });
    expect(renewals[0]).toMatchObject({ runningNanoUsd: 10, wantNanoUsd: 490 });
    expect(reservation.reservedNanoUsd).toBe(490);
  });

  it('returns the ledger’s refusal from a renewal', async () => {
    const refused = async (): Promise<RenewalAnswer> => ({
      outcome: 'refused',
      code: 'insufficient_quota',
      message: 'Spent.',
      isFinal: true,
    });
    const ports = { ledgers: { renew: refused }, tokenId: 'tok_1', deliver: () => undefined };
    const error = await new Reservation(ports, bound).renew(subject, { passedNanoUsd: 10 });
    expect(error).toMatchObject({ code: 'insufficient_quota', message: 'Spent.' });
  });

  it('continues when the ledger is unreachable, and rejects for any other error', async () => {
    const failing = (error: Error) => ({
      ledgers: { renew: () => Promise.reject(error) },
      tokenId: 'tok_1',
      deliver: () => undefined,
    });
    const away = new Reservation(failing(new RelayError('service_unavailable', 'Away.')), bound);
    expect(await away.renew(subject, { passedNanoUsd: 10 })).toBeNull();
    expect(away.reservedNanoUsd).toBe(300);
    const broken = new Reservation(failing(new TypeError('broken')), bound);
    await expect(broken.renew(subject, { passedNanoUsd: 10 })).rejects.toThrow('broken');
  });

  it('raises the hold to another bound before any output, or reports that it cannot', async () => {
    const higher = { reserveNanoUsd: 500, fullNanoUsd: 900, stepNanoUsd: 100 };
    const rich = reservationAt(1_000);
    rich.reservation.setBound(higher);
    expect(await rich.reservation.holdBound(subject)).toBeNull();
    expect(rich.reservation.reservedNanoUsd).toBe(500);
    expect(rich.reservation.isShort(451)).toBe(true);
    const poor = reservationAt(400);
    poor.reservation.setBound(higher);
    expect(await poor.reservation.holdBound(subject)).toMatchObject({ code: 'insufficient_quota' });
  });

  it('never lowers the amount that it holds', async () => {
    const { reservation, renewals } = reservationAt(1_000);
    reservation.setBound({ reserveNanoUsd: 100, fullNanoUsd: 200, stepNanoUsd: 50 });
    await reservation.holdBound(subject);
    expect(renewals[0]?.wantNanoUsd).toBe(300);
  });

  it('settles once: a second call does not compute a settlement', () => {
    const { reservation, settled } = reservationAt(1_000);
    const settlement = { row: { id: 'req_1' }, tokens: 3 } as Settlement;
    reservation.settle(() => settlement);
    reservation.settle(() => expect.fail('a second settlement was made'));
    expect(settled).toEqual([settlement]);
  });

  it('sends no settlement for a request that is left to the ledger', () => {
    const { reservation, settled } = reservationAt(1_000);
    reservation.settle(() => null);
    reservation.settle(() => ({ row: { id: 'req_1' }, tokens: 3 }) as Settlement);
    expect(settled).toEqual([]);
  });
});
