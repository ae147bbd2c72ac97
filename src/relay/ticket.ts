// An admitted request until it is settled: its signs of life to the ledger, its attempts, and its end, once.
import type { Meter } from '../formats/meter.ts';
import { emptyUsage, type Usage } from '../formats/usage.ts';
import { RelayError } from '../lib/relay-error.ts';
import { type Charge, chargeFor, costOfCharge } from '../metering/charge.ts';
import { estimateUsage } from '../metering/estimate.ts';
import type { LedgerClient } from '../quota/client.ts';
import { blankRow } from '../quota/log-row.ts';
import type { AdmissionAsk, Attempt, LogRow, Refusal } from '../quota/quota.ts';
import type { Call } from './call.ts';
import type { Plan, PricedRoute } from './plan.ts';

/** How a request ended. */
export interface Ending {
  status: number;
  errorCode: string | null;
  /** The answer's meter, when something was answered that is charged. */
  meter: Meter | null;
}

export class Ticket {
  readonly attempts: Attempt[] = [];
  /** What translation could not say, for the log. */
  dropped: readonly string[] = [];
  ttfbMs: number | null = null;
  route: PricedRoute | null = null;
  private reservedNanoUsd: number;
  private settled = false;
  private readonly call: Call;
  private readonly plan: Plan;
  private readonly ledgers: LedgerClient;

  constructor(call: Call, plan: Plan, ledgers: LedgerClient) {
    this.call = call;
    this.plan = plan;
    this.ledgers = ledgers;
    this.reservedNanoUsd = plan.bound?.reserveNanoUsd ?? 0;
  }

  /**
   * A sign of life; asks for more when the running cost nears what is held. Answers why the request must
   * end, or null. A ledger that does not answer ends nothing.
   */
  async look(meter: Meter | null): Promise<RelayError | null> {
    const charge = meter === null ? null : this.charge(this.runningUsage(meter), meter);
    const running = charge === null ? 0 : costOfCharge(charge);
    const step = this.plan.bound?.stepNanoUsd ?? 0;
    const wants =
      running + step / 2 > this.reservedNanoUsd ? Math.ceil(running + step) : this.reservedNanoUsd;
    try {
      const answer = await this.ledgers.look(this.call.identity.tokenId, {
        ...this.subject(),
        reservedNanoUsd: this.reservedNanoUsd,
        wantNanoUsd: wants,
        startedAtMs: this.call.startedAtMs,
      });
      if (answer.outcome === 'refused') return errorOf(answer);
      this.reservedNanoUsd = answer.reservedNanoUsd;
      return null;
    } catch (error) {
      if (error instanceof RelayError) return null;
      throw error;
    }
  }

  /** Charges the request, in the background; only the first call counts. */
  settle(ending: Ending): void {
    if (this.settled) return;
    this.settled = true;
    // What is free is not counted either: a token count is no input of a model.
    const meter = this.call.endpoint.free ? null : ending.meter;
    const upstream = meter?.usage() ?? null;
    const usage = meter === null ? emptyUsage() : (upstream ?? this.runningUsage(meter));
    const source = meter === null ? null : upstream === null ? 'estimated' : 'upstream';
    const charge = meter === null ? null : this.charge(usage, meter);
    const row = this.row(ending, usage, source, charge);
    const tokens = usage.inputTokens + usage.outputTokens;
    this.call.background(this.ledgers.settle(this.call.identity.tokenId, { row, tokens }));
  }

  /** What is known of the usage while it runs: the upstream's own part, the rest from what passed. */
  private runningUsage(meter: Meter): Usage {
    return estimateUsage(this.plan.bound, meter);
  }

  /** null: the model has no price. */
  private charge(usage: Usage, meter: Meter): Charge | null {
    const route = this.route;
    if (route === null || route.rates === null) return null;
    const charged = {
      provider: route.channel.provider,
      model: route.upstreamModel,
      usage,
      others: meter.otherModelUsage,
      terms: { tier: meter.serviceTier, region: meter.servedIn },
      multiplier: this.plan.multiplier,
    };
    return chargeFor(charged, route.rates, (model) => this.plan.ratesOf(route, model));
  }

  private subject() {
    return subjectOf(this.call, this.plan);
  }

  private row(
    ending: Ending,
    usage: Usage,
    usageSource: LogRow['usageSource'],
    charge: Charge | null,
  ): LogRow {
    const isFree = ending.meter === null || this.call.endpoint.free;
    return {
      ...emptyRow(this.call, this.plan.model, this.plan.facts.stream),
      upstreamModel: this.route?.upstreamModel ?? null,
      channelId: this.route?.channel.id ?? null,
      attempts: this.attempts,
      dropped: [...this.dropped],
      status: ending.status,
      errorCode: ending.errorCode,
      inputTokens: usage.inputTokens,
      cachedTokens: usage.cachedTokens,
      cacheWriteTokens: usage.cacheWriteTokens,
      outputTokens: usage.outputTokens,
      reasoningTokens: usage.reasoningTokens,
      usageSource,
      costNanoUsd: charge === null ? (isFree ? 0 : null) : costOfCharge(charge),
      charge,
      ttfbMs: this.ttfbMs,
      durationMs: Date.now() - this.call.startedAtMs,
    };
  }
}

/** What the ledger decides about, of a planned request. */
export function subjectOf(call: Call, plan: Plan) {
  return {
    requestId: call.requestId,
    hash: call.identity.hash,
    ip: call.ip,
    model: plan.model,
    ...(plan.models !== null && { models: plan.models }),
    nowMs: Date.now(),
    inputNanoUsd: call.endpoint.free ? 0 : (plan.bound?.inputNanoUsd ?? 0),
    format: call.endpoint.door,
    endpoint: call.endpoint.path,
    stream: plan.facts.stream,
  };
}

/** The question to the ledger for a planned request. */
export function askFor(call: Call, plan: Plan): AdmissionAsk {
  const { free } = call.endpoint;
  return {
    ...subjectOf(call, plan),
    policyVersion: call.identity.version,
    groupVersion: call.identity.bounds.version,
    reserveNanoUsd: free ? 0 : (plan.bound?.reserveNanoUsd ?? null),
    tokens: free ? 0 : (plan.bound?.inputTokens ?? 0) + (plan.bound?.outputTokens ?? 0),
    free,
  };
}

/** A row of which only the request is known yet. */
export function emptyRow(call: Call, requestedModel: string | null, stream: boolean): LogRow {
  const { requestId: id, startedAtMs: createdAtMs, identity, endpoint } = call;
  const { tokenId, accountId } = identity;
  const { door: format, path } = endpoint;
  return blankRow({ id, createdAtMs, tokenId, accountId, format, endpoint: path, requestedModel, stream });
}

/** A ledger's refusal as the error that the caller gets. */
export function errorOf({ code, message, retryAfterMs }: Refusal): RelayError {
  return new RelayError(code, message, retryAfterMs === undefined ? {} : { retryAfterMs });
}
