// The lease of a running request at its ledger: renewed while the upstream is awaited, and with what the answer has cost while it passes.
import type { LeaseSubject } from '../../admission/reservation.ts';
import type { Meter } from '../../formats/meter.ts';
import type { RelayError } from '../../lib/relay-error.ts';
import { leaseSubject } from '../admission.ts';
import type { AdmittedRequest } from '../admitted-request.ts';
import type { Sending } from '../upstream/sent.ts';
import { backgroundOrderOf, isInBackground } from './request-record.ts';
import { type MeteredRequest, runningCost, runningTokens } from './usage.ts';

/** Renews the lease of a request without an answer yet. Returns why the request must end, or null. */
export function renewLease({ call, plan, reservation }: AdmittedRequest): Promise<RelayError | null> {
  return reservation.renew(leaseSubject(call, plan), { passedNanoUsd: 0 });
}

/** The lease of a request whose answer passes. */
export class AnswerLease {
  private isLeftToLedger = false;
  private readonly request: AdmittedRequest;
  private readonly sending: Sending;
  private readonly meter: Meter;

  constructor(request: AdmittedRequest, sending: Sending, meter: Meter) {
    this.request = request;
    this.sending = sending;
    this.meter = meter;
  }

  /** Whether the cost nears what is held. */
  isShort(): boolean {
    return this.request.reservation.isShort(runningCost(this.metered()));
  }

  /** Renews the lease. Returns why the answer must end, or null. A response in the background is left to the ledger, once. */
  renew(): Promise<RelayError | null> {
    const metered = this.metered();
    if (!this.isLeftToLedger && isInBackground(metered, this.meter)) {
      this.isLeftToLedger = true;
      leaveToLedger(this.request, metered);
    }
    return this.request.reservation.renew(this.subject(), {
      passedNanoUsd: runningCost(metered, 'passed'),
      supposedNanoUsd: runningCost(metered),
      tokens: runningTokens(metered),
    });
  }

  /**
   * Gives the slot back of a caller that has left while the upstream is read on. The money stays held, with what the unseen part may cost.
   */
  giveSlotBack(): void {
    const metered = this.metered();
    const { call, reservation } = this.request;
    const passedNanoUsd = runningCost(metered, 'passed');
    const running = { passedNanoUsd, supposedNanoUsd: runningCost(metered), hasLeft: true };
    call.background(reservation.renew(this.subject(), running).catch(() => undefined));
  }

  private metered(): MeteredRequest {
    const { sending, meter } = this;
    const { call, plan, reservation } = this.request;
    return { call, plan, sending, meter, reservedNanoUsd: reservation.reservedNanoUsd };
  }

  private subject(): LeaseSubject {
    return leaseSubject(this.request.call, this.request.plan);
  }
}

/** Leaves a response in the background to the ledger, which asks for it until it ends and charges it then. */
export function leaveToLedger({ call, plan, services }: AdmittedRequest, metered: MeteredRequest): void {
  const { reservedNanoUsd } = metered;
  const sums = { reservedNanoUsd, runningNanoUsd: 0, wantNanoUsd: reservedNanoUsd };
  const renewal = { ...leaseSubject(call, plan), ...sums };
  call.background(
    services.ledgers.trackBackground(call.identity.tokenId, renewal, backgroundOrderOf(metered)),
  );
}
