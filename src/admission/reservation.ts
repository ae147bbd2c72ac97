// What an admitted request holds at its token's ledger, from its admission to its settlement.
import { RelayError } from '../lib/relay-error.ts';
import type { LedgerClient } from '../quota/client.ts';
import type { LeaseRenewal, Settlement } from '../quota/quota.ts';
import type { Requester } from './admission-request.ts';
import { refusalError } from './refusal-error.ts';

/** What a request can cost at most, and in which steps that is held. */
interface ReservationBound {
  /** Held before the request begins. */
  reserveNanoUsd: number;
  /** All that it can cost by its own bounds. */
  fullNanoUsd: number;
  /** The cost of one extension. */
  stepNanoUsd: number;
}

/** What a running request has cost so far. */
interface RunningCost {
  /** Cost of what passed. */
  passedNanoUsd: number;
  /** The same with what it probably costs unseen; it extends a reservation and never ends a request. Absent: equal. */
  supposedNanoUsd?: number;
  /** Uncached input and output, for tpm. Absent: nothing new is known. */
  tokens?: number;
  /** The caller has left: the request counts for no limit of concurrency any more. */
  hasLeft?: boolean;
}

/** What a renewal says of the request itself. */
export type LeaseSubject = Omit<LeaseRenewal, 'reservedNanoUsd' | 'runningNanoUsd' | 'wantNanoUsd'>;

type Deliver = (settlement: Settlement) => void;

interface ReservationPorts {
  ledgers: Pick<LedgerClient, 'renew'>;
  tokenId: string;
  /** Delivers the settlement, in the background. */
  deliver: Deliver;
  /** The API whose headers a refusal has; absent inside a session. */
  format?: Requester['format'];
}

export class Reservation {
  private heldNanoUsd: number;
  private isSettled = false;
  private bound: ReservationBound | null;
  private readonly ports: ReservationPorts;

  /** `heldNanoUsd`: 0 for what runs although nothing is held for it. */
  constructor(
    ports: ReservationPorts,
    bound: ReservationBound | null,
    heldNanoUsd = bound?.reserveNanoUsd ?? 0,
  ) {
    this.ports = ports;
    this.bound = bound;
    this.heldNanoUsd = heldNanoUsd;
  }

  get reservedNanoUsd(): number {
    return this.heldNanoUsd;
  }

  /** Whether the cost nears what is held. */
  isShort(runningNanoUsd: number): boolean {
    return isShort(this.heldNanoUsd, runningNanoUsd, this.bound);
  }

  /**
   * Renews the lease, and extends the reservation when the cost nears it. Returns why the request must end, or null. If the ledger is
   * unreachable, the request continues.
   */
  renew(subject: LeaseSubject, running: RunningCost): Promise<RelayError | null> {
    const { passedNanoUsd, supposedNanoUsd = passedNanoUsd, tokens, hasLeft } = running;
    const wantNanoUsd = this.isShort(supposedNanoUsd)
      ? extendedReservation(supposedNanoUsd, this.bound)
      : this.heldNanoUsd;
    return this.hold({
      ...subject,
      runningNanoUsd: passedNanoUsd,
      wantNanoUsd,
      ...(tokens !== undefined && { runningTokens: tokens }),
      ...(hasLeft === true && { hasLeft }),
    });
  }

  /** Replaces the bound, by which later renewals extend the reservation. */
  setBound(bound: ReservationBound | null): void {
    this.bound = bound;
  }

  /** Holds what the bound reserves before anything has passed. Returns why it may not, or null. */
  async holdBound(subject: LeaseSubject): Promise<RelayError | null> {
    const wanted = this.bound?.reserveNanoUsd ?? 0;
    const error = await this.hold({ ...subject, runningNanoUsd: 0, wantNanoUsd: wanted });
    if (error !== null || this.heldNanoUsd >= wanted) return error;
    return new RelayError('insufficient_quota', 'The quota of this API key is used up.');
  }

  /** Delivers the settlement. Only the first call counts. */
  settle(settlement: () => Settlement | null): void {
    if (this.isSettled) return;
    this.isSettled = true;
    const made = settlement();
    if (made !== null) this.ports.deliver(made);
  }

  /** Never gives back what is held; may get less than it wants. */
  private async hold(renewal: Omit<LeaseRenewal, 'reservedNanoUsd'>): Promise<RelayError | null> {
    const { ledgers, tokenId, format } = this.ports;
    const reservedNanoUsd = this.heldNanoUsd;
    const wantNanoUsd = Math.max(reservedNanoUsd, renewal.wantNanoUsd);
    try {
      const answer = await ledgers.renew(tokenId, { ...renewal, reservedNanoUsd, wantNanoUsd });
      if (answer.outcome === 'refused') return refusalError(answer, format);
      this.heldNanoUsd = answer.reservedNanoUsd;
      return null;
    } catch (error) {
      if (error instanceof RelayError) return null;
      throw error;
    }
  }
}

/** Delivers settlements to the ledger at once. */
export function toLedger(
  ledgers: Pick<LedgerClient, 'settle'>,
  tokenId: string,
  background: (work: Promise<unknown>) => void,
): Deliver {
  return (settlement) => background(ledgers.settle(tokenId, settlement));
}

/** Whether the cost nears what is held by half a step, unless all that the request can cost is held. */
export function isShort(
  heldNanoUsd: number,
  runningNanoUsd: number,
  bound: ReservationBound | null,
): boolean {
  const { stepNanoUsd: step = 0, fullNanoUsd: full = 0 } = bound ?? {};
  const holdsAll = heldNanoUsd >= full && runningNanoUsd <= full;
  return !holdsAll && runningNanoUsd + step / 2 > heldNanoUsd;
}

/** Returns one step more than the cost, but no more than the request's own bound before the cost has passed that. */
export function extendedReservation(runningNanoUsd: number, bound: ReservationBound | null): number {
  const { stepNanoUsd: step = 0, fullNanoUsd: full = 0 } = bound ?? {};
  const next = Math.ceil(runningNanoUsd + step);
  return runningNanoUsd <= full ? Math.min(next, full) : next;
}
