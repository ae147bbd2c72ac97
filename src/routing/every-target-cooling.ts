// The refusal of a request while every target is cooling down as its upstream asked. Pure.
import { RelayError } from '../lib/relay-error.ts';
import type { Route } from './catalog.ts';
import type { Health } from './health.ts';
import { cooldownOfAll } from './select.ts';

/**
 * Returns `rate_limit_exceeded` (all causes were 429s) or `service_unavailable`, with the earliest time at which
 * an upstream may be called again, or null when a target may be tried.
 */
export function everyTargetCooling(
  routes: readonly Route[],
  health: Health,
  nowMs: number,
): RelayError | null {
  const cooldown = cooldownOfAll(routes, health, nowMs);
  if (cooldown === null) return null;
  const code = cooldown.isLimited ? 'rate_limit_exceeded' : 'service_unavailable';
  const what = cooldown.isLimited ? 'has reached the rate limit of' : 'was asked to wait by';
  const seconds = Math.max(1, Math.ceil((cooldown.untilMs - nowMs) / 1_000));
  const message = `Every channel of this model ${what} its provider. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`;
  return new RelayError(code, message, { retryAfterMs: cooldown.untilMs - nowMs });
}
