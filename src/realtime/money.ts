// The money of one session: every response and every transcript is a request of its own at the token's ledger (reserved,
// renewed, settled once), inside the session's, which counts for concurrency and is what revocation ends.
import { limitedTokens, type Usage } from '../formats/usage.ts';
import { logWarning } from '../lib/log.ts';
import { RelayError } from '../lib/relay-error.ts';
import { type Charge, chargeFor, costOfCharge } from '../metering/charge.ts';
import type { Attempt, LogRow } from '../metering/log-row.ts';
import { blankRow } from '../metering/log-row.ts';
import type { Rates } from '../metering/price.ts';
import { standardTerms } from '../metering/service-tier.ts';
import type { LedgerClient } from '../quota/client.ts';
import type { AdmissionAsk, Look, LookAnswer, Refusal } from '../quota/quota.ts';
import type { LiveChannel } from '../routing/catalog.ts';
import { identityOf } from '../tokens/resolve.ts';
import { boundAt, type TurnBound, type TurnMeasure } from './bound.ts';
import { questionOf, type SessionOrder } from './order.ts';
import type { Settlements } from './settlements.ts';

/** What is charged at which price. */
export interface Pricing {
  channel: LiveChannel;
  /** As the caller names it, an alias too. */
  named: string;
  /** The model that answers. */
  model: string;
  upstreamModel: string;
  /** null: it has no price. */
  rates: Rates | null;
  multiplier: number;
}

/** One response, or one transcript, from its reservation to its row. */
export interface Turn {
  requestId: string;
  pricing: Pricing;
  /** null: nobody knows how much it is. */
  measure: TurnMeasure | null;
  bound: TurnBound | null;
  reservedNanoUsd: number;
  startedAtMs: number;
  firstSaidAtMs: number | null;
  /** The client's name of the event that asked for it. */
  eventId: string | null;
  characters: number;
  audioCharacters: number;
  /** It is being ended for want of quota. */
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
}

/** As in the log of other requests: nginx's number for a client that left. */
export const clientLeftStatus = 499;

/** How often an admission is asked for again because the token was edited meanwhile. */
const admissionTries = 3;

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
    const turn = this.newTurn(pricing, measure, hasBegun);
    for (let tries = 0; tries < admissionTries; tries++) {
      const admission = await this.ledgers.admit(this.tokenId, this.askFor(turn), this.background);
      if (admission.outcome === 'admitted') return turn;
      if (admission.outcome === 'refused') throw refusalError(admission);
      this.order.identity = identityOf(admission.policy, this.order.identity.hash);
    }
    throw new RelayError('service_unavailable', 'This API key is being edited. Try again.');
  }

  /** A turn that runs although nothing is held for it: it is charged all the same. */
  newTurn(pricing: Pricing, measure: TurnMeasure | null, hasBegun: boolean): Turn {
    this.turns += 1;
    const bound = boundAt(measure, pricing);
    return {
      requestId: `${this.order.requestId}_${this.turns}`,
      pricing,
      measure,
      bound,
      reservedNanoUsd: bound?.reserveNanoUsd ?? 0,
      startedAtMs: Date.now(),
      firstSaidAtMs: null,
      eventId: null,
      characters: 0,
      audioCharacters: 0,
      isCancelled: false,
      hasBegun,
    };
  }

  /** A sign of life of a running turn; asks for more when its cost nears what is held. null: it may go on. */
  async renew(turn: Turn, soFar: Usage): Promise<RelayError | null> {
    const running = this.costOf(turn.pricing, soFar) ?? 0;
    const { stepNanoUsd: step = 0, fullNanoUsd: full = 0 } = turn.bound ?? {};
    const isShort =
      running + step / 2 > turn.reservedNanoUsd && !(running <= full && turn.reservedNanoUsd >= full);
    const wants = isShort ? (running <= full ? Math.min(running + step, full) : running + step) : 0;
    return this.hold(turn, running, Math.ceil(wants));
  }

  /** Measured or priced anew before it has said anything. null: all of that is held; else why not. */
  async remeasure(turn: Turn, pricing: Pricing, measure: TurnMeasure | null): Promise<RelayError | null> {
    Object.assign(turn, { pricing, measure, bound: boundAt(measure, pricing) });
    const wanted = turn.bound?.reserveNanoUsd ?? 0;
    const error = await this.hold(turn, 0, wanted);
    if (error !== null || turn.reservedNanoUsd >= wanted) return error;
    return new RelayError('insufficient_quota', 'The quota of this API key is used up.');
  }

  /** Holds as much, and no less than it does. It may get less. */
  private async hold(turn: Turn, runningNanoUsd: number, wantNanoUsd: number): Promise<RelayError | null> {
    const { requestId, pricing, startedAtMs, reservedNanoUsd, hasBegun, bound } = turn;
    const look = this.lookFor(requestId, pricing, startedAtMs, {
      reservedNanoUsd,
      inputNanoUsd: hasBegun ? Math.max(bound?.inputNanoUsd ?? 0, runningNanoUsd) : 0,
      runningNanoUsd,
      wantNanoUsd: Math.max(reservedNanoUsd, wantNanoUsd),
    });
    const within = this.order.requestId;
    const answer = await this.answered(() => this.ledgers.look(this.tokenId, { ...look, within }));
    if (answer === null) return null;
    if (answer.outcome === 'refused') return refusalError(answer);
    turn.reservedNanoUsd = answer.reservedNanoUsd;
    return null;
  }

  /** Renews the session's own lease, and waits to hear that it may not go on. null: ask again. */
  async watch(pricing: Pricing | null): Promise<RelayError | null> {
    const nothing = { reservedNanoUsd: 0, inputNanoUsd: 0, runningNanoUsd: 0, wantNanoUsd: 0 };
    const look = this.lookFor(this.order.requestId, pricing, this.order.startedAtMs, nothing);
    const answer = await this.answered(() => this.ledgers.watch(this.tokenId, look));
    if (answer === null) await scheduler.wait(1_000);
    return answer?.outcome === 'refused' ? refusalError(answer) : null;
  }

  /** Charges a turn, once. */
  settle(turn: Turn, { usage, source, status, errorCode }: TurnEnding): void {
    const { named, upstreamModel, channel } = turn.pricing;
    const charge = usage === null ? null : this.chargeOf(turn.pricing, usage);
    const row: LogRow = {
      ...this.blank(turn.requestId, named, turn.startedAtMs),
      upstreamModel,
      channelId: channel.id,
      status,
      errorCode,
      ...(usage !== null && {
        inputTokens: usage.inputTokens,
        cachedTokens: usage.cachedTokens,
        outputTokens: usage.outputTokens,
        reasoningTokens: usage.reasoningTokens,
      }),
      usageSource: source,
      costNanoUsd: usage === null ? 0 : charge && costOfCharge(charge),
      charge,
      ttfbMs: turn.firstSaidAtMs === null ? null : turn.firstSaidAtMs - turn.startedAtMs,
      durationMs: Date.now() - turn.startedAtMs,
    };
    this.settlements.add({ row, tokens: usage === null ? 0 : limitedTokens(usage) });
  }

  /** The session's own row: what it was and how it ended. It costs nothing by itself. */
  settleSession(
    ending: Partial<LogRow> & { attempts: Attempt[]; status: number },
    model: string | null,
  ): void {
    const { requestId, startedAtMs } = this.order;
    const row = { ...this.blank(requestId, model, startedAtMs), ...ending };
    this.settlements.addFree({ row: { ...row, durationMs: Date.now() - startedAtMs }, tokens: 0 });
  }

  /** Gives back what was held for turns that never began. */
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

  private askFor({ requestId, pricing, measure, bound, hasBegun }: Turn): AdmissionAsk {
    return {
      ...this.subject(requestId, pricing),
      policyVersion: this.order.identity.version,
      groupVersion: this.order.identity.bounds.version,
      reserveNanoUsd: pricing.rates === null ? null : (bound?.reserveNanoUsd ?? 0),
      inputNanoUsd: hasBegun ? (bound?.inputNanoUsd ?? 0) : 0,
      tokens: measure?.freshTokens ?? 0,
      free: false,
      within: this.order.requestId,
    };
  }

  private lookFor(
    requestId: string,
    pricing: Pricing | null,
    startedAtMs: number,
    sums: Pick<Look, 'reservedNanoUsd' | 'inputNanoUsd' | 'runningNanoUsd' | 'wantNanoUsd'>,
  ): Look {
    return { ...this.subject(requestId, pricing), ...sums, startedAtMs };
  }

  /** Of the models that a name can come to, only the one that answers is still asked about. */
  private subject(requestId: string, pricing: Pricing | null) {
    const { format, endpoint, model } = this.order;
    const question = questionOf(this.order, pricing?.named ?? model, pricing && [pricing.model]);
    return { requestId, ...question, nowMs: Date.now(), format, endpoint, stream: true };
  }

  private blank(id: string, requestedModel: string | null, createdAtMs: number): LogRow {
    const { identity, format, endpoint } = this.order;
    const { tokenId, accountId } = identity;
    return blankRow({ id, createdAtMs, tokenId, accountId, requestedModel, format, endpoint, stream: true });
  }

  /** null: the ledger cannot be reached, which ends nothing. */
  private async answered(ask: () => Promise<LookAnswer>): Promise<LookAnswer | null> {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof RelayError) return null;
      throw error;
    }
  }

  private get tokenId(): string {
    return this.order.identity.tokenId;
  }
}

function refusalError({ code, message, retryAfterMs, isFinal }: Refusal): RelayError {
  return new RelayError(code, message, {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(isFinal !== undefined && { isFinal }),
  });
}

function reportUnreleased(error: unknown): void {
  logWarning('realtime-reservation-unreleased', { error });
}
