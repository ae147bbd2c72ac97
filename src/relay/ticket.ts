// An admitted request until it is settled: its signs of life to the ledger, its attempts, and its end, once.
import { isObject } from '../formats/json-reader.ts';
import type { Meter } from '../formats/meter.ts';
import { type LimitsLeft, rateLimitHeaders } from '../formats/rate-limit-headers.ts';
import { emptyUsage, limitedTokens, type Usage } from '../formats/usage.ts';
import { RelayError } from '../lib/relay-error.ts';
import { hasOwnBound } from '../metering/bound-output.ts';
import { type Charge, costOfCharge } from '../metering/charge.ts';
import { boundedEstimate, type Estimate, estimate, isImplausible } from '../metering/estimate.ts';
import type { Attempt, LogRow } from '../metering/log-row.ts';
import type { LedgerClient } from '../quota/client.ts';
import type { Look } from '../quota/quota.ts';
import type { BackgroundOrder } from '../quota/records.ts';
import { emptyRow, errorOf, subjectOf } from './admission-request.ts';
import type { Call } from './call.ts';
import type { PricedRoute } from './plan/candidate-routes.ts';
import type { Plan } from './plan/plan.ts';
import { bodyValue } from './request/read-body.ts';
import type { UploadedAudio } from './request/uploaded-audio.ts';
import { chargeOfAnswer, type Used } from './settlement/answer-charge.ts';

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
  /** When the request went to that route. */
  sentAtMs = Date.now();
  /** The sound that was uploaded, as it passed. */
  heard: UploadedAudio | null = null;
  private reservedNanoUsd: number;
  private settled = false;
  private waitedFor = false;
  private readonly call: Call;
  private readonly plan: Plan;
  private readonly ledgers: LedgerClient;
  private readonly left: LimitsLeft | undefined;

  constructor(call: Call, plan: Plan, ledgers: LedgerClient, left?: LimitsLeft) {
    this.call = call;
    this.plan = plan;
    this.ledgers = ledgers;
    this.left = left;
    this.reservedNanoUsd = plan.bound?.reserveNanoUsd ?? 0;
  }

  /** Tells the caller what was left of its limits when it was admitted. */
  putLimits(headers: Headers): void {
    if (this.left === undefined) return;
    const told = rateLimitHeaders(this.call.endpoint.format.api, this.left, this.call.startedAtMs);
    for (const [name, value] of Object.entries(told)) headers.set(name, value);
  }

  /**
   * A sign of life; asks for more when the running cost nears what is held. Answers why the request must
   * end, or null. A ledger that does not answer ends nothing.
   */
  async look(meter: Meter | null): Promise<RelayError | null> {
    if (meter !== null && !this.waitedFor && this.isInBackground(meter)) this.waitFor(meter);
    const wants = meter !== null && this.isShort(meter) ? this.nextReservation(meter) : this.reservedNanoUsd;
    try {
      // What is only supposed makes the request hold more, and never ends it.
      const running = meter === null ? 0 : this.runningCost(meter, 'passed');
      const look = this.lookFor(wants, running);
      const tokens = meter === null ? {} : { runningTokens: this.runningTokens(meter) };
      const answer = await this.ledgers.look(this.call.identity.tokenId, { ...look, ...tokens });
      if (answer.outcome === 'refused') return errorOf(answer, this.call.endpoint.format.api);
      this.reservedNanoUsd = answer.reservedNanoUsd;
      return null;
    } catch (error) {
      if (error instanceof RelayError) return null;
      throw error;
    }
  }

  /**
   * The caller has left while the upstream is read on: others may run in its place, and the money stays held, with what the
   * unseen part may cost.
   */
  giveSlotBack(meter: Meter): void {
    const wants = this.isShort(meter) ? this.nextReservation(meter) : this.reservedNanoUsd;
    const look = { ...this.lookFor(wants, this.runningCost(meter, 'passed')), hasLeft: true };
    const given = this.ledgers.look(this.call.identity.tokenId, look).then((answer) => {
      if (answer.outcome === 'go-on') this.reservedNanoUsd = answer.reservedNanoUsd;
    });
    this.call.background(given.catch(() => undefined));
  }

  /** Whether what it has cost nears what is held: by half a step, unless all that it can cost is held. */
  isShort(meter: Meter): boolean {
    const running = this.runningCost(meter);
    const { stepNanoUsd: step = 0, fullNanoUsd: full = 0 } = this.plan.bound ?? {};
    const holdsAll = this.reservedNanoUsd >= full && running <= full;
    return !holdsAll && running + step / 2 > this.reservedNanoUsd;
  }

  /** A step more than it has cost; not beyond its own bound before it has passed that. */
  private nextReservation(meter: Meter): number {
    const running = this.runningCost(meter);
    const { stepNanoUsd: step = 0, fullNanoUsd: full = 0 } = this.plan.bound ?? {};
    const next = Math.ceil(running + step);
    return running <= full ? Math.min(next, full) : next;
  }

  /** Charges the request, in the background; only the first call counts. */
  settle(ending: Ending): void {
    if (this.settled) return;
    this.settled = true;
    if (ending.meter !== null && ending.status < 400 && this.isInBackground(ending.meter)) {
      this.waitFor(ending.meter);
      return;
    }
    // What is free is not counted either: a token count is no input of a model.
    const meter = this.plan.isFree ? null : ending.meter;
    const used = meter === null ? null : this.usedBy(meter, ending);
    const usage = used?.usage ?? emptyUsage();
    const charge = meter === null || used === null ? null : this.charge(used, meter);
    const row = this.row(ending, usage, used?.source ?? null, charge);
    const tokens = limitedTokens(usage);
    this.call.background(this.ledgers.settle(this.call.identity.tokenId, { row, tokens }));
  }

  /** The upstream's own figure, or what an estimate makes of an answer that has none. */
  private usedBy(meter: Meter, ending: Ending): Used & { source: 'upstream' | 'estimated' } {
    const told = meter.usage();
    if (told !== null && !isImplausible(told, meter, this.route?.rates ?? null))
      return { usage: told, others: meter.otherModelUsage, source: 'upstream' };
    const estimated = this.estimate(meter, ending.errorCode === null);
    const { others } = estimated;
    const costOf = (usage: Usage) => {
      const charge = this.charge({ usage, others }, meter);
      return charge === null ? 0 : costOfCharge(charge);
    };
    return { usage: boundedEstimate(estimated, this.reservedNanoUsd, costOf), others, source: 'estimated' };
  }

  /** What tpm counts so far: the uncached input as it was admitted until the upstream reports it, and the output. */
  private runningTokens(meter: Meter): number {
    if (this.plan.isFree) return 0;
    const usage = this.estimate(meter, true).passed;
    const isReported = (meter.partialUsage()?.inputTokens ?? 0) > 0;
    return isReported ? limitedTokens(usage) : this.plan.freshTokens + usage.outputTokens;
  }

  /** What is known of the usage while it runs: the upstream's own part, the rest from what passed. */
  private estimate(meter: Meter, isWhole: boolean): Estimate {
    const request = bodyValue(this.plan.body);
    const fields = isObject(request) ? request : {};
    const isBound = hasOwnBound(this.call.endpoint.format, fields);
    return estimate(this.plan.size, meter, {
      model: this.route?.upstreamModel ?? '',
      request: fields,
      rates: this.route?.rates ?? null,
      elapsedMs: Date.now() - this.sentAtMs,
      // What is behind a `url` is longer than what was uploaded beside it, or not: nobody knows.
      heardSeconds: fields.url ? null : (this.heard?.seconds ?? null),
      mostOutputTokens: isBound ? (this.plan.size?.outputTokens ?? null) : null,
      isWhole,
    });
  }

  private runningCost(meter: Meter, part: 'passed' | 'supposed' = 'supposed'): number {
    if (this.plan.isFree) return 0;
    const estimated = this.estimate(meter, true);
    // With a figure of the upstream's so far there is nothing to suppose.
    const usage = meter.usage() === null ? estimated[part] : estimated.passed;
    const charge = this.charge({ usage, others: estimated.others }, meter);
    return charge === null ? 0 : costOfCharge(charge);
  }

  /** null: the model has no price. */
  private charge(used: Used, meter: Meter): Charge | null {
    const { route, plan } = this;
    if (route === null || route.rates === null) return null;
    return chargeOfAnswer({ used, meter, route, plan, rates: route.rates });
  }

  /** The upstream works on although nothing more comes: `background`, begun, and its end was not seen. */
  private isInBackground(meter: Meter): boolean {
    const endSeen = meter.usage() !== null || (meter.sequenceNumber >= 0 && meter.complete);
    return this.plan.facts.background && !endSeen && meter.madeIds.length > 0;
  }

  /** Leaves the response to the ledger, in the background: it asks for it until it ends, and charges it then. */
  private waitFor(meter: Meter): void {
    this.waitedFor = true;
    const [responseId = ''] = meter.madeIds;
    const ending = { status: 200, errorCode: null, meter: null };
    const order: BackgroundOrder = {
      row: this.row(ending, emptyUsage(), null, null),
      // Of an alias only the model that answers is still asked about.
      question: {
        hash: this.call.identity.hash,
        ip: this.call.ip,
        model: this.route?.model ?? this.plan.model,
      },
      responseId,
      channelId: this.route?.channel.id ?? '',
      keyId: this.attempts.at(-1)?.keyId ?? null,
      reservedNanoUsd: this.reservedNanoUsd,
      typicalInput: this.plan.size?.typicalInput ?? null,
      rates: this.route?.rates ?? null,
      multiplier: this.plan.multiplier,
    };
    const look = this.lookFor(this.reservedNanoUsd, 0);
    this.call.background(this.ledgers.waitFor(this.call.identity.tokenId, look, order));
  }

  private lookFor(wantNanoUsd: number, runningNanoUsd: number): Look {
    const { reservedNanoUsd, call, plan } = this;
    const { startedAtMs } = call;
    return { ...subjectOf(call, plan), reservedNanoUsd, runningNanoUsd, wantNanoUsd, startedAtMs };
  }

  private row(
    ending: Ending,
    usage: Usage,
    usageSource: LogRow['usageSource'],
    charge: Charge | null,
  ): LogRow {
    const isFree = ending.meter === null || this.plan.isFree;
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
