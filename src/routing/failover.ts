// Failover: a request goes to one target after the other until one answers. Never twice to the same for one of its models, and to so many
// of each model. Owns the attempts of the request; what they say of the targets goes to their health.
import { RelayError } from '../lib/relay-error.ts';
import type { Attempt } from '../metering/log-row.ts';
import type { Route } from './catalog.ts';
import type { Background } from './catalog-loader.ts';
import type { Health } from './health.ts';
import { type Failure, targetName } from './health.ts';
import { cooldownOfAll, modelTargetName, selectTarget, type Target } from './select.ts';
import type { SharedHealth } from './shared-health.ts';
import type { UpstreamFailure } from './upstream-failure.ts';

/** What became of one attempt. */
export type Tried<Answer, Failed> =
  | { outcome: 'answered'; attempt: Attempt; answer: Answer }
  /** Another target may do better. `isReachable`: the target has answered. */
  | {
      outcome: 'failed';
      attempt: Attempt;
      failure: UpstreamFailure;
      isReachable: boolean;
      isFinal: boolean;
      failed: Failed;
    }
  /** Says nothing of the target: the client left, or the request cannot be written for it. */
  | { outcome: 'stopped'; attempt: Attempt; error: unknown };

/** `failed`: what the last attempt came to. `untried`: there was no target to try. */
export type FailoverResult<Answer, Failed> =
  | { outcome: 'answered'; answer: Answer }
  | { outcome: 'failed'; failed: Failed }
  | { outcome: 'stopped'; error: unknown }
  | { outcome: 'untried'; cooling: RelayError | null };

/** A target that is being tried, or was the last. */
export interface CurrentTry<R extends Route> {
  target: Target<R>;
  startedAtMs: number;
  /** No other target is left to be tried after this one. */
  isLast: boolean;
}

interface FailoverOptions<R extends Route> {
  routes: readonly R[];
  health: SharedHealth;
  /** As in Selection. */
  seed(): string;
  /** Targets that each of the models is sent to. */
  attemptsPerModel: number;
  background: Background;
}

export class Failover<R extends Route> {
  private readonly options: FailoverOptions<R>;
  private readonly made: Attempt[] = [];
  /** Names of the targets that were tried, and of those that will do for no model. */
  private readonly excluded = new Set<string>();
  private readonly perModel = new Map<number, number>();
  private latest: CurrentTry<R> | null = null;

  constructor(options: FailoverOptions<R>) {
    this.options = options;
  }

  /** The attempts so far, for the log. */
  get attempts(): readonly Attempt[] {
    return this.made;
  }

  /** The target that is tried at the moment, or the last that was. */
  get current(): CurrentTry<R> | null {
    return this.latest;
  }

  /** Calls targets until one answers. `call` never rejects. When `signal` is aborted no other target is tried. */
  async run<Answer, Failed>(
    call: (current: CurrentTry<R>) => Promise<Tried<Answer, Failed>>,
    signal?: AbortSignal,
  ): Promise<FailoverResult<Answer, Failed>> {
    let last: FailoverResult<Answer, Failed> | null = null;
    for (let target = this.next(); target !== null; ) {
      if (signal?.aborted) return { outcome: 'stopped', error: signal.reason };
      const tried = await call(this.begin(target));
      this.record(target, tried);
      if (tried.outcome !== 'failed') return tried;
      last = tried;
      target = tried.isFinal ? null : this.next();
    }
    return last ?? { outcome: 'untried', cooling: this.cooling() };
  }

  /**
   * The last attempt failed after it had answered. `failure`: what is held against the target, or null. `message`: the upstream's, for the
   * log.
   */
  failLate(reason: string, failure: Failure | null, message: string | null = null): void {
    const attempt = this.made.at(-1);
    if (this.latest === null || attempt === undefined) return;
    attempt.error = reason;
    if (message !== null) attempt.message = message;
    if (failure === null) return;
    const { target, startedAtMs } = this.latest;
    if (failure.kind === 'refused') this.excluded.add(targetName(target));
    const { health, background } = this.options;
    const seen = { ...failure, status: attempt.status, message: attempt.message ?? null };
    health.failed({ ...target, keyId: attempt.keyId }, seen, startedAtMs, background);
  }

  private begin(target: Target<R>): CurrentTry<R> {
    const { rank = 0 } = target.route;
    this.excluded.add(modelTargetName(target));
    this.perModel.set(rank, (this.perModel.get(rank) ?? 0) + 1);
    const startedAtMs = Date.now();
    this.latest = { target, startedAtMs, isLast: this.next() === null };
    this.options.health.begin(target, startedAtMs);
    return this.latest;
  }

  private record(target: Target<R>, tried: Tried<unknown, unknown>): void {
    const { health } = this.options;
    this.made.push(tried.attempt);
    switch (tried.outcome) {
      case 'stopped':
        health.current.release(target);
        break;
      case 'answered':
        this.succeeded(target, tried.attempt);
        break;
      case 'failed':
        this.failed(target, tried);
    }
  }

  private succeeded(target: Target<R>, { durationMs }: Attempt): void {
    const { health, background } = this.options;
    health.succeeded(target, this.latest?.startedAtMs ?? 0, durationMs, background);
  }

  private failed(
    target: Target<R>,
    { attempt, failure, isReachable }: Extract<Tried<unknown, unknown>, { outcome: 'failed' }>,
  ): void {
    const { health, background } = this.options;
    const { kind } = failure;
    if (kind === 'unsuited') this.succeeded(target, attempt);
    else {
      const seen = { ...failure, kind, status: attempt.status, message: attempt.message ?? null };
      health.failed(target, seen, this.latest?.startedAtMs ?? 0, background);
    }
    // A target that does not answer, or refuses its key, will not do for the next model either.
    if (!isReachable || kind === 'refused') this.excluded.add(targetName(target));
  }

  private next(): Target<R> | null {
    const { health, seed, attemptsPerModel } = this.options;
    const routes = this.options.routes.filter(
      ({ rank = 0 }) => (this.perModel.get(rank) ?? 0) < attemptsPerModel,
    );
    return selectTarget(routes, health.current, { tried: this.excluded, seed, nowMs: Date.now() });
  }

  /** The refusal of a request whose targets are all cooling down as their upstreams asked, or null. */
  private cooling(): RelayError | null {
    return everyTargetCooling(this.options.routes, this.options.health.current, Date.now());
  }
}

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
  return new RelayError(code, message, { retryAfterMs: cooldown.untilMs - nowMs, isOfUpstream: true });
}
