// How a caller asks what a request costs, and says what it may cost: two headers, and OpenRouter's `usage: {include: true}`
// (https://openrouter.ai/docs/use-cases/usage-accounting, 2026-12).
import { isObject } from '../../formats/json-reader.ts';
import type { WireFormat } from '../../formats/wire-format.ts';
import type { JsonObject } from '../../lib/json.ts';
import { nanoFromUsd, usdTextOfNano } from '../../lib/money.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { Call } from '../call.ts';
import type { CallerBody } from './read-body.ts';

export interface CostOptions {
  /** The answer says what it costs. */
  isShown: boolean;
  /** The body asks for that, with a member that only OpenRouter knows. */
  isAskedInBody: boolean;
  /** What the request may cost at most, or null if the caller has set nothing. */
  ceilingNanoUsd: number | null;
}

const ceilingHeader = 'x-relay-max-cost-usd';

/** Reads the options. Throws RelayError `invalid_request` for a ceiling that is not an amount. */
export function readCostOptions(
  { request: { headers }, identity }: Pick<Call, 'request' | 'identity'>,
  body: CallerBody,
): CostOptions {
  const usage = body.type === 'json' && isObject(body.value) ? body.value.usage : undefined;
  const isAskedInBody = isObject(usage) && usage.include === true;
  const isAsked = isAskedInBody || headers.get('x-relay-include-cost') === '1';
  return {
    isShown: isAsked || identity.includesCost === true,
    isAskedInBody,
    ceilingNanoUsd: readCeiling(headers.get(ceilingHeader)),
  };
}

function readCeiling(text: string | null): number | null {
  if (text === null) return null;
  const nanoUsd = /^\d+(\.\d+)?$/.test(text.trim()) ? nanoFromUsd(Number(text)) : null;
  if (nanoUsd !== null) return nanoUsd;
  const message = `The header \`${ceilingHeader}\` must be an amount in USD with at most nine decimals, such as 0.05.`;
  throw new RelayError('invalid_request', message, { param: ceilingHeader });
}

/**
 * Checks an unstreamed request, which cannot be ended before it has cost all that it can. `mostNanoUsd`: its upper bound, or null if a model has no
 * price. Throws RelayError `max_cost_exceeded` or `model_price_unset`.
 */
export function checkCeiling(ceilingNanoUsd: number, mostNanoUsd: number | null, isStreamed: boolean): void {
  if (mostNanoUsd === null) {
    const message = `The model has no price, so \`${ceilingHeader}\` cannot be kept. Ask the operator for a price, or leave the header out.`;
    throw new RelayError('model_price_unset', message);
  }
  if (isStreamed || mostNanoUsd <= ceilingNanoUsd) return;
  const [most, ceiling] = [usdTextOfNano(mostNanoUsd), usdTextOfNano(ceilingNanoUsd)];
  const message = `The request may cost up to ${most} USD, and \`${ceilingHeader}\` allows ${ceiling}. Lower the most output tokens, stream, or raise the ceiling.`;
  throw new RelayError('max_cost_exceeded', message);
}

/** Returns the error that ends a stream at its ceiling. */
export function ceilingReached(ceilingNanoUsd: number): RelayError {
  const message = `The answer has cost the ${usdTextOfNano(ceilingNanoUsd)} USD that \`${ceilingHeader}\` allows.`;
  return new RelayError('max_cost_exceeded', message);
}

/** Returns the body to translate: without what asks the relay for the cost. The cost stands beside the usage, so a chat stream has that too. */
export function withoutCostOption(
  body: JsonObject,
  { isShown, isAskedInBody }: CostOptions,
  { needsUsageOption = false }: WireFormat,
): JsonObject {
  if (!isShown) return body;
  const options = isObject(body.stream_options) ? body.stream_options : {};
  const streaming = needsUsageOption &&
    body.stream === true && { stream_options: { ...options, include_usage: true } };
  if (!isAskedInBody) return { ...body, ...streaming };
  const { usage: _, ...rest } = body;
  return { ...rest, ...streaming };
}
