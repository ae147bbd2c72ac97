// Chooses the target to try next: highest priority with a healthy target, then targets that speak the caller's
// format, then by weight. The same seed chooses the same target for as long as it exists (weighted rendezvous
// hashing), so that a conversation stays where the provider has it cached.
import { crc32 } from '../lib/crc32.ts';
import type { Route } from './catalog.ts';
import { type Health, type RequestedCooldown, type TargetId, targetName } from './health.ts';

/** A route with one of its channel's keys. */
export interface Target<T extends Route> extends TargetId {
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
export function selectTarget<T extends Route>(
  routes: readonly T[],
  health: Health,
  { tried, seed, nowMs }: Selection,
): Target<T> | null {
  const untried = routes
    .flatMap(targetsOf)
    .filter((target) => !tried.has(targetName(target)) && !tried.has(modelTargetName(target)));
  const open = untried.filter((target) => health.availability(target, nowMs) !== 'cooling');
  if (open.length === 0) return cooldownOf(untried, health, nowMs) === null ? soonest(untried, health) : null;
  if (open.length === 1) return open[0] ?? null;
  const first = highestPriority(ofFirstModel(open));
  const native = first.filter(({ route }) => route.translateTo === null);
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
  return cooldownOf(routes.flatMap(targetsOf), health, nowMs);
}

function cooldownOf(targets: readonly TargetId[], health: Health, nowMs: number): RequestedCooldown | null {
  let soonestMs = Number.POSITIVE_INFINITY;
  let isLimited = true;
  for (const target of targets) {
    const cooldown = health.requestedCooldown(target, nowMs);
    if (cooldown === null) return null;
    soonestMs = Math.min(soonestMs, cooldown.untilMs);
    isLimited &&= cooldown.isLimited;
  }
  return targets.length === 0 ? null : { untilMs: soonestMs, isLimited };
}

/**
 * Returns the name of a target for one of several models that are tried in order: the next model may use the
 * same target.
 */
export function modelTargetName(target: Target<Route>): string {
  return `${targetName(target)} ${target.route.rank ?? 0}`;
}

/** Returns one target for each key of the route's channel. A route may be bound to one key. */
function targetsOf<T extends Route>(route: T): Target<T>[] {
  const { channel, keyId, upstreamModel } = route;
  if (keyId !== undefined) return [{ route, upstreamModel, channelId: channel.id, keyId }];
  const ids =
    channel.plainKeys === null && channel.keys.length > 0 ? channel.keys.map(({ id }) => id) : [null];
  return ids.map((id) => ({ route, upstreamModel, channelId: channel.id, keyId: id }));
}

/** Returns the targets of the first of several models that has targets. */
function ofFirstModel<T extends Route>(targets: readonly Target<T>[]): readonly Target<T>[] {
  const first = Math.min(...targets.map(({ route }) => route.rank ?? 0));
  return targets.filter(({ route }) => (route.rank ?? 0) === first);
}

function highestPriority<T extends Route>(targets: readonly Target<T>[]): Target<T>[] {
  const top = Math.max(...targets.map(({ route }) => route.channel.priority));
  return targets.filter(({ route }) => route.channel.priority === top);
}

/** Returns the target whose cooldown ends first, or null when there are no targets. */
function soonest<T extends Route>(targets: readonly Target<T>[], health: Health): Target<T> | null {
  let best: Target<T> | null = null;
  let bestMs = Number.POSITIVE_INFINITY;
  for (const target of targets) {
    const untilMs = health.coolUntilMs(target);
    if (untilMs < bestMs) [best, bestMs] = [target, untilMs];
  }
  return best;
}

/**
 * Chooses by weight. Weights are shared among channels, and evenly among a channel's keys. If all are 0, all are
 * equal.
 */
function heaviest<T extends Route>(targets: readonly Target<T>[], seed: string): Target<T> | null {
  const keysOf = Map.groupBy(targets, ({ channelId }) => channelId);
  const sum = targets.reduce((total, { route }) => total + Math.max(0, route.channel.weight), 0);
  let best: Target<T> | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const target of targets) {
    const weight =
      sum === 0 ? 1 : Math.max(0, target.route.channel.weight) / (keysOf.get(target.channelId)?.length ?? 1);
    const score = -Math.log(fractionOf(`${seed} ${targetName(target)}`)) / weight;
    if (score < least) {
      best = target;
      least = score;
    }
  }
  return best ?? targets[0] ?? null;
}

/** Returns a fraction in (0, 1). CRC-32 is linear and its neighbors are too similar, so the bits are mixed. */
function fractionOf(text: string): number {
  let hash = crc32(text);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (((hash ^ (hash >>> 16)) >>> 0) + 0.5) / 2 ** 32;
}
