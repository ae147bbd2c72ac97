// Which of the channels that could serve a request is asked: highest priority first, then those that speak the
// caller's format, then by weight.
import type { Route } from './catalog.ts';

/** One of the routes; `random` is in [0, 1). null when there is none. */
export function selectRoute<T extends Route>(routes: readonly T[], random: number): T | null {
  const top = Math.max(...routes.map(({ channel }) => channel.priority));
  const first = routes.filter(({ channel }) => channel.priority === top);
  const native = first.filter(({ target }) => target === null);
  const best = native.length > 0 ? native : first;
  const weights = best.map(({ channel }) => Math.max(0, channel.weight));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (sum === 0) return best[Math.floor(random * best.length)] ?? null;
  const at = random * sum;
  let passed = 0;
  const chosen = weights.findIndex((weight) => {
    passed += weight;
    return at < passed;
  });
  return best[chosen] ?? best.at(-1) ?? null;
}
