// Chooses the target to try next: highest priority with a healthy target, then targets that speak the caller's
// format, then by weight. The same seed chooses the same target for as long as it exists (weighted rendezvous
// hashing), so that a conversation stays where the provider has it cached.
import { crc32 } from '../lib/crc32.ts';
import type { Route } from './catalog.ts';
import { type Health, type Place, placeName, type RequestedCooldown } from './health.ts';

/** A route with one of its channel's keys. */
export interface Choice<T extends Route> extends Place {
  route: T;
  upstreamModel: string;
}

export interface Selection {
  /**
   * Names of targets that cannot be used at all (see placeName), and of those already tried for a model (see
   * tryName).
   */
  tried: ReadonlySet<string>;
  /** The seed for the choice among equals: a conversation's beginning, or random. */
  seed(): string;
  nowMs: number;
}

/**
 * Returns the target to try next, or null if there is none: every target was tried, or all that are left are
 * cooling down as their upstreams asked (`retry-after`). If all are cooling down and one upstream did not ask
 * for it, returns the target whose cooldown ends first.
 */
export function selectPlace<T extends Route>(
  routes: readonly T[],
  health: Health,
  { tried, seed, nowMs }: Selection,
): Choice<T> | null {
  const untried = routes
    .flatMap(placesOf)
    .filter((choice) => !tried.has(placeName(choice)) && !tried.has(tryName(choice)));
  const open = untried.filter((choice) => health.availability(choice, nowMs) !== 'cooling');
  if (open.length === 0) return cooldownOf(untried, health, nowMs) === null ? soonest(untried, health) : null;
  if (open.length === 1) return open[0] ?? null;
  const first = highestPriority(ofFirstModel(open));
  const native = first.filter(({ route }) => route.target === null);
  const best = native.length > 0 ? native : first;
  return best.length === 1 ? (best[0] ?? null) : heaviest(best, seed());
}

/**
 * Returns the common cooldown of all targets if each upstream asked for one, until the first ends. Null: a
 * target may be tried.
 */
export function cooldownOfAll(
  routes: readonly Route[],
  health: Health,
  nowMs: number,
): RequestedCooldown | null {
  return cooldownOf(routes.flatMap(placesOf), health, nowMs);
}

function cooldownOf(places: readonly Place[], health: Health, nowMs: number): RequestedCooldown | null {
  let soonestMs = Number.POSITIVE_INFINITY;
  let isLimited = true;
  for (const place of places) {
    const cooldown = health.requestedCooldown(place, nowMs);
    if (cooldown === null) return null;
    soonestMs = Math.min(soonestMs, cooldown.untilMs);
    isLimited &&= cooldown.isLimited;
  }
  return places.length === 0 ? null : { untilMs: soonestMs, isLimited };
}

/**
 * Returns the name of a target for one of several models that are tried in order: the next model may use the
 * same target.
 */
export function tryName(choice: Choice<Route>): string {
  return `${placeName(choice)} ${choice.route.rank ?? 0}`;
}

/** Returns one target for each key of the route's channel. A route may be bound to one key. */
function placesOf<T extends Route>(route: T): Choice<T>[] {
  const { channel, keyId, upstreamModel } = route;
  if (keyId !== undefined) return [{ route, upstreamModel, channelId: channel.id, keyId }];
  const ids =
    channel.plainKeys === null && channel.keys.length > 0 ? channel.keys.map(({ id }) => id) : [null];
  return ids.map((id) => ({ route, upstreamModel, channelId: channel.id, keyId: id }));
}

/** Returns the targets of the first of several models that has any. */
function ofFirstModel<T extends Route>(choices: readonly Choice<T>[]): readonly Choice<T>[] {
  const first = Math.min(...choices.map(({ route }) => route.rank ?? 0));
  return choices.filter(({ route }) => (route.rank ?? 0) === first);
}

function highestPriority<T extends Route>(choices: readonly Choice<T>[]): Choice<T>[] {
  const top = Math.max(...choices.map(({ route }) => route.channel.priority));
  return choices.filter(({ route }) => route.channel.priority === top);
}

/** Returns the target whose cooldown ends first, or null when there are no targets. */
function soonest<T extends Route>(choices: readonly Choice<T>[], health: Health): Choice<T> | null {
  let best: Choice<T> | null = null;
  let bestMs = Number.POSITIVE_INFINITY;
  for (const choice of choices) {
    const untilMs = health.coolUntilMs(choice);
    if (untilMs < bestMs) [best, bestMs] = [choice, untilMs];
  }
  return best;
}

/**
 * Chooses by weight. Weights are shared among channels, and evenly among a channel's keys. If all are 0, all are
 * equal.
 */
function heaviest<T extends Route>(choices: readonly Choice<T>[], seed: string): Choice<T> | null {
  const keysOf = Map.groupBy(choices, ({ channelId }) => channelId);
  const sum = choices.reduce((total, { route }) => total + Math.max(0, route.channel.weight), 0);
  let best: Choice<T> | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const choice of choices) {
    const weight =
      sum === 0 ? 1 : Math.max(0, choice.route.channel.weight) / (keysOf.get(choice.channelId)?.length ?? 1);
    const score = -Math.log(fractionOf(`${seed} ${placeName(choice)}`)) / weight;
    if (score < least) {
      best = choice;
      least = score;
    }
  }
  return best ?? choices[0] ?? null;
}

/** Returns a fraction in (0, 1). CRC-32 is linear and its neighbors are too similar, so the bits are mixed. */
function fractionOf(text: string): number {
  let hash = crc32(text);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (((hash ^ (hash >>> 16)) >>> 0) + 0.5) / 2 ** 32;
}
