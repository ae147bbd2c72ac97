// How long a target is left alone after a failure: our own delay, or the one that its upstream asks for. Pure.

/** The part of a failure that decides how long. */
interface FailureDelay {
  kind: string;
  retryAfterMs?: number | null;
}

/** How long a target is not used after a failure. */
export const cooldowns = {
  /** After the first failure; doubled with each further one. */
  firstMs: 1_000,
  mostMs: 60_000,
  /** For a key that the provider refuses; doubled too. */
  refusedFirstMs: 600_000,
  refusedMostMs: 3_600_000,
  /** The longest `retry-after` of an upstream that is obeyed. */
  retryAfterMostMs: 3_600_000,
  /** The random share of a cooldown, so that isolates do not return all at once. */
  jitter: 0.2,
  /** A probe without an outcome counts as lost after this. */
  probeMs: 30_000,
} as const;

/**
 * Returns the upstream's `retry-after` within limits, or null if it sent none. A refused key returns after our
 * own delay.
 */
export function requestedCooldownMs(failure: FailureDelay): number | null {
  const asked = failure.kind === 'refused' ? null : (failure.retryAfterMs ?? null);
  return asked === null ? null : Math.min(Math.max(asked, cooldowns.firstMs), cooldowns.retryAfterMostMs);
}

/** Returns our own delay after so many failures in a row. */
export function cooldownMs(failure: FailureDelay, failures: number, random: number): number {
  const [first, most] =
    failure.kind === 'refused'
      ? [cooldowns.refusedFirstMs, cooldowns.refusedMostMs]
      : [cooldowns.firstMs, cooldowns.mostMs];
  const grown = Math.min(first * 2 ** (failures - 1), most);
  return grown * (1 + cooldowns.jitter * (2 * random - 1));
}
