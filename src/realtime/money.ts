// The money of one session. Every response and every transcript is a request of its own at the token's ledger (reserved, renewed, settled once),
// within the session's request, which counts for concurrency and ends by revocation.
import {
  admissionRequest,
  emptyRow,
  ledgerSubject,
  type Requested,
  type Requester,
} from '../admission/admission-request.ts';
import { admit } from '../admission/admit.ts';
import { refusalError } from '../admission/refusal-error.ts';
import { Reservation } from '../admission/reservation.ts';
import { limitedTokens, type Usage } from '../formats/usage.ts';
import { logWarning } from '../lib/log.ts';
import { RelayError } from '../lib/relay-error.ts';
import { type Charge, chargeFor, costOfCharge } from '../metering/charge.ts';
import { reasonOfCode } from '../metering/error-class.ts';
import { errorMessage } from '../metering/error-message.ts';
import type { Attempt, LogRow } from '../metering/log-row.ts';
import type { Rates } from '../metering/price.ts';
import { turnRequestId } from '../metering/request-id.ts';
import { standardTerms } from '../metering/service-tier.ts';
import type { LedgerClient } from '../quota/client.ts';
import type { AdmissionRequest, Settlement } from '../quota/quota.ts';
import type { LiveChannel } from '../routing/catalog.ts';
import type { TokenIdentity } from '../tokens/token.ts';
import { boundAt, type TurnBound, type TurnMeasure } from './bound.ts';
import type { SessionOrder } from './order.ts';
import type { Settlements } from './settlements.ts';

/** What a turn is charged by. */
export interface Pricing {
  channel: LiveChannel;
  /** As the caller names it, an alias too. */
  named: string;
  /** The model that answers. */
  model: string;
  upstreamModel: string;
  /** Null if it has no price. */
  rates: Rates | null;
  multiplier: number;
}

/** One response, or one transcript, from its reservation to its row. */
export interface Turn {
  requestId: string;
  pricing: Pricing;
  /** Null if its usage cannot be bounded. */
  measure: TurnMeasure | null;
  bound: TurnBound | null;
  reservation: Reservation;
  startedAtMs: number;
  firstOutputAtMs: number | null;
  /** The client's id of the event that requested it. */
  eventId: string | null;
  characters: number;
  audioCharacters: number;
  /** It is being cancelled, because the quota is used up. */
  isCancelled: boolean;
  /** The upstream works on it: an end without a figure costs its input at least. */
  hasBegun: boolean;
}

/** How it ended. */
export interface TurnEnding {
  usage: Usage | null;
  source: LogRow['usageSource'];
  status: number;
  errorCode: string | null;
  /** What the upstream said, as it wrote it. */
  errorText?: string | null;
}

export class SessionMoney {
  private readonly order: SessionOrder;
  private readonly ledgers: LedgerClient;
  private readonly settlements: Settlements;
  private readonly background: (work: Promise<unknown>) => void;
  private turns = 0;

  constructor(
    order: SessionOrder,
    ledgers: LedgerClient,
    settlements: Settlements,
    background: (work: Promise<unknown>) => void,
  ) {
    this.order = order;
    this.ledgers = ledgers;
    this.settlements = settlements;
    this.background = background;
  }

  /** Reserves for a turn. Throws RelayError: the ledger's refusal, or that it cannot be reached. */
  async reserve(pricing: Pricing, measure: TurnMeasure | null, hasBegun: boolean): Promise<Turn> {
    const bound = boundAt(measure, pricing);
    const turn = this.turnWith(pricing, measure, hasBegun, bound?.reserveNanoUsd ?? 0);
    const { identity } = this.order;
    const plan = async (newest: TokenIdentity) => {
      this.order.identity = newest;
      return { identity: newest };
    };
    const requestFor = () => this.admissionRequestFor(turn);
    await admit(
      { identity, plan, requestFor },
      {
        ledgers: this.ledgers,
        caller: { background: this.background },
      },
    );
    return turn;
  }

  /** A turn that runs although nothing is held for it: it is charged all the same. */
  unreservedTurn(pricing: Pricing, measure: TurnMeasure | null, hasBegun: boolean): Turn {
    return this.turnWith(pricing, measure, hasBegun, 0);
  }

  private turnWith(
    pricing: Pricing,
    measure: TurnMeasure | null,
    hasBegun: boolean,
    heldNanoUsd: number,
  ): Turn {
    this.turns += 1;
    const { ledgers, tokenId } = this;
    const bound = boundAt(measure, pricing);
    const deliver = (settlement: Settlement) => this.settlements.add(settlement);
    const startedAtMs = Date.now();
    return {
      requestId: turnRequestId(this.order.requestId, this.turns, startedAtMs),
      pricing,
      measure,
      bound,
      reservation: new Reservation({ ledgers, tokenId, deliver }, bound, heldNanoUsd),
      startedAtMs,
      firstOutputAtMs: null,
      eventId: null,
      characters: 0,
      audioCharacters: 0,
      isCancelled: false,
      hasBegun,
    };
  }

  /** Renews the lease of a running turn, and holds more when its cost nears what is held. Returns why it may not go on, or null. */
  renew(turn: Turn, soFar: Usage): Promise<RelayError | null> {
    const passedNanoUsd = this.costOf(turn.pricing, soFar) ?? 0;
    return turn.reservation.renew(this.leaseOf(turn, passedNanoUsd), { passedNanoUsd });
  }

  /** Measures or prices a turn again before its first output. Returns why that cannot be held, or null. */
  remeasure(turn: Turn, pricing: Pricing, measure: TurnMeasure | null): Promise<RelayError | null> {
    Object.assign(turn, { pricing });
    this.measure(turn, measure);
    return turn.reservation.holdBound(this.leaseOf(turn, 0));
  }

  /** Measures a turn again. The next renewal extends its reservation by the new bound. */
  measure(turn: Turn, measure: TurnMeasure | null): void {
    const bound = boundAt(measure, turn.pricing);
    Object.assign(turn, { measure, bound });
    turn.reservation.setBound(bound);
  }

  private leaseOf({ requestId, pricing, startedAtMs, hasBegun, bound }: Turn, runningNanoUsd: number) {
    const inputNanoUsd = hasBegun ? Math.max(bound?.inputNanoUsd ?? 0, runningNanoUsd) : 0;
    const within = this.order.requestId;
    return { ...this.subject(requestId, pricing), inputNanoUsd, startedAtMs, within };
  }

  /** Renews the session's own lease, and waits until it may not go on. Returns why, or null when it is to be renewed again. */
  async watch(pricing: Pricing | null): Promise<RelayError | null> {
    const { requestId, startedAtMs } = this.order;
    const nothing = { reservedNanoUsd: 0, inputNanoUsd: 0, runningNanoUsd: 0, wantNanoUsd: 0 };
    const renewal = { ...this.subject(requestId, pricing), ...nothing, startedAtMs };
    try {
      const answer = await this.ledgers.watch(this.tokenId, renewal);
      return answer.outcome === 'refused' ? refusalError(answer) : null;
    } catch (error) {
      if (!(error instanceof RelayError)) throw error;
      // If the ledger is unreachable, the session continues.
      await scheduler.wait(1_000);
      return null;
    }
  }

  /** Charges a turn, once. */
  settle(turn: Turn, ending: TurnEnding): void {
    const tokens = ending.usage === null ? 0 : limitedTokens(ending.usage);
    turn.reservation.settle(() => ({ row: this.rowOf(turn, ending), tokens }));
  }

  private rowOf(turn: Turn, { usage, source, status, errorCode, errorText }: TurnEnding): LogRow {
    const { named, upstreamModel, channel } = turn.pricing;
    const charge = usage === null ? null : this.chargeOf(turn.pricing, usage);
    return {
      ...this.blank(turn.requestId, named, turn.startedAtMs),
      upstreamModel,
      channelId: channel.id,
      status,
      servedModel: turn.pricing.model,
      ...reasonOfSession(errorCode, errorText ?? null, [named, upstreamModel]),
      ...(usage !== null && {
        inputTokens: usage.inputTokens,
        cachedTokens: usage.cachedTokens,
        outputTokens: usage.outputTokens,
        reasoningTokens: usage.reasoningTokens,
      }),
      usageSource: source,
      costNanoUsd: usage === null ? 0 : charge && costOfCharge(charge),
      charge,
      ttfbMs: turn.firstOutputAtMs === null ? null : turn.firstOutputAtMs - turn.startedAtMs,
      durationMs: Date.now() - turn.startedAtMs,
    };
  }

  /** Settles the session's own row: what it was and how it ended. Only its turns cost anything. */
  settleSession(
    ending: Partial<LogRow> & { attempts: Attempt[]; status: number },
    model: string | null,
  ): void {
    const { requestId, startedAtMs } = this.order;
    const row = { ...this.blank(requestId, model, startedAtMs), ...ending };
    this.settlements.addFree({ row: { ...row, durationMs: Date.now() - startedAtMs }, tokens: 0 });
  }

  /** Releases what was held for turns that never began. */
  release(turns: readonly Turn[]): void {
    if (turns.length === 0) return;
    const ids = turns.map(({ requestId }) => requestId);
    this.background(this.ledgers.release(this.tokenId, ids).catch(reportUnreleased));
  }

  private costOf(pricing: Pricing, usage: Usage): number | null {
    const charge = this.chargeOf(pricing, usage);
    return charge && costOfCharge(charge);
  }

  private chargeOf(
    { rates, channel, upstreamModel: model, multiplier }: Pricing,
    usage: Usage,
  ): Charge | null {
    if (rates === null) return null;
    const { provider } = channel;
    return chargeFor(
      { provider, model, usage, others: [], terms: standardTerms, multiplier },
      rates,
      () => null,
    );
  }

  private admissionRequestFor({ requestId, pricing, measure, bound, hasBegun }: Turn): AdmissionRequest {
    const request = admissionRequest(this.requester(requestId), this.requested(pricing), {
      reserveNanoUsd: pricing.rates === null ? null : (bound?.reserveNanoUsd ?? 0),
      inputNanoUsd: hasBegun ? (bound?.inputNanoUsd ?? 0) : 0,
      tokens: measure?.freshTokens ?? 0,
      free: false,
    });
    return { ...request, within: this.order.requestId };
  }

  private subject(requestId: string, pricing: Pricing | null) {
    return ledgerSubject(this.requester(requestId), this.requested(pricing));
  }

  private requester(requestId: string): Requester {
    return { ...this.order, requestId };
  }

  /** Of the models that a name can come to, only the one that answers is still asked about. */
  private requested(pricing: Pricing | null): Requested {
    const model = pricing?.named ?? this.order.model;
    return { model, models: pricing && [pricing.model], stream: true };
  }

  private blank(requestId: string, model: string | null, startedAtMs: number): LogRow {
    return emptyRow({ ...this.order, requestId, startedAtMs }, { model, stream: true });
  }

  private get tokenId(): string {
    return this.order.identity.tokenId;
  }
}

/** Nothing of a session's frames is kept to be compared: long quotations are cut. */
export function reasonOfSession(errorCode: string | null, text: string | null, models: (string | null)[]) {
  const reason = reasonOfCode(errorCode);
  if (errorCode === null || text === null) return reason;
  const request = { text: '', value: null, isPartial: true };
  return { ...reason, errorMessage: errorMessage(text, { request, models }) };
}

function reportUnreleased(error: unknown): void {
  logWarning('realtime-reservation-unreleased', { error });
}
