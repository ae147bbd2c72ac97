// How a background response ended and what it costs, from the ledger's own poll or from an answer that the caller
// fetched. Pure.
import type { Meter } from '../formats/meter.ts';
import type { Usage } from '../formats/usage.ts';
import { type Charge, chargeFor, costOfCharge } from '../metering/charge.ts';
import { reasonOfCode } from '../metering/error-class.ts';
import { estimate } from '../metering/estimate.ts';
import type { PricedProvider } from '../metering/price.ts';
import type { Settlement } from './quota.ts';
import type { BackgroundEnding, BackgroundOrder } from './records.ts';

/** The states of a response that has not ended. */
const runningStates: ReadonlySet<string> = new Set(['queued', 'in_progress']);

/** Returns how the response ended, or null if it is still running. */
export function endingOfMeter(meter: Meter, provider: PricedProvider): BackgroundEnding | null {
  const { responseStatus: status } = meter;
  if (status === null || runningStates.has(status)) return null;
  return {
    status,
    error: meter.error,
    usage: meter.usage(),
    passed: estimate(null, meter, null).passed,
    others: [...meter.otherModelUsage],
    terms: { tier: meter.serviceTier, region: meter.servedIn },
    provider,
  };
}

/** Returns the charge of a response that has ended, and its log row. */
export function settlementOf(order: BackgroundOrder, ending: BackgroundEnding, nowMs: number): Settlement {
  const { row } = order;
  const { status, error } = ending;
  const usage = ending.usage ?? withInput(ending.passed, order.typicalInput);
  const charge = chargeOf(order, ending, usage);
  return {
    row: {
      ...row,
      ...reasonOfCode(status === 'completed' ? null : (error ?? `response_${status}`)),
      servedModel: row.upstreamModel,
      inputTokens: usage.inputTokens,
      cachedTokens: usage.cachedTokens,
      cacheWriteTokens: usage.cacheWriteTokens,
      outputTokens: usage.outputTokens,
      reasoningTokens: usage.reasoningTokens,
      usageSource: ending.usage === null ? 'estimated' : 'upstream',
      costNanoUsd: charge === null ? null : costOfCharge(charge),
      charge,
      durationMs: nowMs - row.createdAtMs,
    },
    tokens: usage.inputTokens + usage.outputTokens,
  };
}

function withInput(passed: Usage, typicalInput: Usage | null): Usage {
  return typicalInput === null || passed.inputTokens > 0
    ? passed
    : { ...typicalInput, outputTokens: passed.outputTokens, reasoningTokens: passed.reasoningTokens };
}

/**
 * Returns the charge, or null if the model has no price. Usage of other models is charged at the response's own
 * rates, because theirs are not known here.
 */
function chargeOf(
  { rates, multiplier, row }: BackgroundOrder,
  { provider, others, terms }: BackgroundEnding,
  usage: Usage,
): Charge | null {
  if (rates === null) return null;
  const charged = { provider, model: row.upstreamModel ?? '', usage, others, terms, multiplier };
  return chargeFor(charged, rates, () => null);
}
