// The refusal of a request whose every channel is cooling down because its upstream asked for it. Pure.
import { RelayError } from '../lib/relay-error.ts';
import type { Route } from './catalog.ts';
import type { Health } from './health.ts';
import { restOfAll } from './select.ts';

/**
 * Returns `rate_limit_exceeded` (all causes were 429s) or `service_unavailable`, each with the soonest time at which an upstream
 * may be asked again; null when a place may be tried.
 */
export function everyPlaceCooling(
  routes: readonly Route[],
  health: Health,
  nowMs: number,
): RelayError | null {
  const rest = restOfAll(routes, health, nowMs);
  if (rest === null) return null;
  const code = rest.isLimited ? 'rate_limit_exceeded' : 'service_unavailable';
  const what = rest.isLimited ? 'has reached the rate limit of' : 'was asked to wait by';
  const seconds = Math.max(1, Math.ceil((rest.untilMs - nowMs) / 1_000));
  const message = `Every channel of this model ${what} its provider. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`;
  return new RelayError(code, message, { retryAfterMs: rest.untilMs - nowMs });
}
