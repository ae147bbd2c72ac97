// The health of channels, keys, and models of keys, from the outcomes of recent requests. Lives in the isolate;
// the health registry shares it. Pure except for its own memory: time and random numbers are passed in.

import { errorMessageLimits, shortened } from '../metering/error-message.ts';
import { cooldownMs, cooldowns, requestedCooldownMs } from './cooldowns.ts';

/** How many channels and keys an isolate remembers, and as many models of keys; the oldest are dropped first. */
export const rememberedTargets = 2_000;

/** A channel as a whole, one of its keys, or one of the upstream's models used with that key. */
export interface TargetId {
  channelId: string;
  /** Null: the channel has no key, or one without an id (the environment's). */
  keyId: string | null;
  /** The upstream's own name of the model. Absent: the key, or the channel, as a whole. */
  upstreamModel?: string;
}

/** What failed at a target, the answer's status (null: none came), and what the upstream said, as the log keeps it. */
export type Failure = FailureKind & { status?: number | null; message?: string | null };

type FailureKind =
  /**
   * No connection, a timeout, or a 5xx: affects the channel. `retryAfterMs` as the upstream sent it; null or
   * absent if it did not.
   */
  | { kind: 'unavailable'; reason: string; retryAfterMs?: number | null }
  /** 429: affects the key for that model. Providers limit each model separately. */
  | { kind: 'limited'; reason: string; retryAfterMs: number | null }
  /** 408: the same, but not a rate limit. */
  | { kind: 'timeout'; reason: string; retryAfterMs: number | null }
  /** 401, 402, 403: the key is refused for every model. */
  | { kind: 'refused'; reason: string };

/** The health of a channel, a key, or a model of a key; times in milliseconds since 1970. */
export interface TargetHealth {
  /** Failures in a row. */
  failures: number;
  coolUntilMs: number;
  /** The end of the upstream's own `retry-after`; 0: it sent none. */
  retryAfterUntilMs: number;
  /** The last failure was a rate limit (429). */
  isLimited: boolean;
  /** The provider refuses the key: the operator must fix it. */
  isRefused: boolean;
  /** The operator's last test failed, and nothing has succeeded since. Changes nothing for requests. */
  isTestFailed?: boolean;
  lastError: string | null;
  lastErrorAtMs: number;
  /** As in Failure. Absent in reports of earlier versions. */
  lastStatus?: number | null;
  lastMessage?: string | null;
  /** Moving average of the time to the first byte. Null before the first response. */
  firstByteMs: number | null;
  /** The time of the last change: the newer of two reports counts. */
  changedAtMs: number;
}

/** `probe`: one request may try it, and its outcome decides. */
export type Availability = 'ready' | 'probe' | 'cooling';

const healthy: TargetHealth = {
  failures: 0,
  coolUntilMs: 0,
  retryAfterUntilMs: 0,
  isLimited: false,
  isRefused: false,
  lastError: null,
  lastErrorAtMs: 0,
  firstByteMs: null,
  changedAtMs: 0,
};

/** Returns the name of a channel or key in a report. A channel's own name contains no key. */
export function targetName({ channelId, keyId }: TargetId): string {
  return keyId === null ? channelId : `${channelId}/${keyId}`;
}

/** Ids of channels and keys do not contain this character. A model's name follows it. */
const beforeModel = '#';

/** Returns the models of a channel's keys in a report. */
export function modelsIn(
  report: Readonly<Record<string, TargetHealth>>,
  channelId: string,
): { keyId: string | null; model: string; health: TargetHealth }[] {
  return Object.entries(report).flatMap(([name, health]) => {
    const end = name.indexOf(beforeModel);
    if (end === -1) return [];
    const [ofChannel, keyId = null] = name.slice(0, end).split('/');
    return ofChannel === channelId ? [{ keyId, model: name.slice(end + 1), health }] : [];
  });
}

/** A cooldown that an upstream asked for with `retry-after`. */
export interface RequestedCooldown {
  untilMs: number;
  /** All of its causes are rate limits. */
  isLimited: boolean;
}

export class Health {
  private readonly targets = new Map<string, TargetHealth>();
  /**
   * Separate from channels and keys: requests for many models of a channel must not push out the channels' own
   * health.
   */
  private readonly models = new Map<string, TargetHealth>();
  private readonly probes = new Map<string, number>();

  /** Returns the worst of the channel's, the key's, and the model's availability. */
  availability(target: TargetId, nowMs: number): Availability {
    let worst: Availability = 'ready';
    for (const name of this.knownNames(target)) {
      const availability = this.availabilityOf(name, nowMs);
      if (availability === 'cooling') return 'cooling';
      if (availability === 'probe') worst = 'probe';
    }
    return worst;
  }

  /** Returns when the target may be tried again; in the past if it may be tried now. */
  coolUntilMs(target: TargetId): number {
    return Math.max(0, ...this.knownNames(target).map((name) => this.of(name).coolUntilMs));
  }

  /** Returns the cooldown that the upstream asked for, or null if there is none or it is over. */
  requestedCooldown(target: TargetId, nowMs: number): RequestedCooldown | null {
    const asking = this.knownNames(target)
      .map((name) => this.of(name))
      .filter(({ failures, retryAfterUntilMs }) => failures > 0 && nowMs < retryAfterUntilMs);
    if (asking.length === 0) return null;
    const untilMs = Math.max(...asking.map(({ retryAfterUntilMs }) => retryAfterUntilMs));
    return { untilMs, isLimited: asking.every(({ isLimited }) => isLimited) };
  }

  /** Records that a request goes to the target. If the target is on probation, this request is its probe. */
  begin(target: TargetId, nowMs: number): void {
    for (const name of this.knownNames(target)) {
      if (this.availabilityOf(name, nowMs) === 'probe') this.probes.set(name, nowMs + cooldowns.probeMs);
    }
  }

  /** Records that a request ended without a verdict on the target: the next request may probe it. */
  release(target: TargetId): void {
    for (const name of this.knownNames(target)) this.probes.delete(name);
  }

  /**
   * Records a success. One that began before the last failure says nothing about the time after it. Returns
   * whether anything changed.
   */
  succeeded(target: TargetId, startedAtMs: number, firstByteMs: number, nowMs: number): boolean {
    let changed = false;
    // A model that never failed needs no entry.
    const names = new Set([...this.knownNames(target), target.channelId, targetName(target)]);
    for (const name of names) {
      const before = this.of(name);
      if (startedAtMs < before.lastErrorAtMs) continue;
      this.probes.delete(name);
      const average =
        before.firstByteMs === null ? firstByteMs : before.firstByteMs * 0.8 + firstByteMs * 0.2;
      const recovered = before.failures > 0 || before.isRefused || before.isTestFailed === true;
      changed ||= recovered;
      const { lastError, lastErrorAtMs, lastStatus = null, lastMessage = null } = before;
      const unchanged = { firstByteMs: average, lastError, lastErrorAtMs, lastStatus, lastMessage };
      this.set(name, { ...healthy, ...unchanged, changedAtMs: recovered ? nowMs : before.changedAtMs });
    }
    return changed;
  }

  /**
   * Records a failure. Requests that ran together fail together and count as one failure, but a `retry-after` of
   * any of them counts. Returns whether anything changed.
   */
  failed(target: TargetId, failure: Failure, startedAtMs: number, nowMs: number, random: number): boolean {
    const name = nameOfFailed(target, failure);
    const before = this.of(name);
    this.release(target);
    const isSame = startedAtMs < before.lastErrorAtMs && nowMs < before.coolUntilMs;
    const askedMs = requestedCooldownMs(failure);
    const isNews = !isSame || failure.kind === 'refused' || askedMs !== null;
    const failures = isSame ? before.failures : before.failures + 1;
    const coolUntilMs = isNews ? nowMs + (askedMs ?? cooldownMs(failure, failures, random)) : 0;
    this.set(name, {
      ...before,
      failures,
      coolUntilMs: Math.max(before.coolUntilMs, coolUntilMs),
      retryAfterUntilMs: Math.max(before.retryAfterUntilMs, askedMs === null ? 0 : nowMs + askedMs),
      isLimited: failure.kind === 'limited',
      isRefused: before.isRefused || failure.kind === 'refused',
      lastError: failure.reason,
      lastErrorAtMs: isSame ? before.lastErrorAtMs : nowMs,
      lastStatus: failure.status ?? null,
      lastMessage: failure.message ? shortened(failure.message, errorMessageLimits.healthCharacters) : null,
      changedAtMs: nowMs,
    });
    return isNews;
  }

  /** Records that an operator's test failed. No request goes another way because of it. */
  testFailed(
    target: TargetId,
    failure: { status: number | null; message: string | null },
    nowMs: number,
  ): void {
    const { status, message } = failure;
    const lastMessage = message && shortened(message, errorMessageLimits.healthCharacters);
    this.set(targetName(target), {
      ...this.of(targetName(target)),
      isTestFailed: true,
      lastError: status === null ? 'no answer' : `status ${status}`,
      lastErrorAtMs: nowMs,
      lastStatus: status,
      lastMessage,
      changedAtMs: nowMs,
    });
  }

  /** Resets the health of a target and of its models, because its operator has fixed something. */
  reset(target: TargetId, nowMs: number): void {
    const own = targetName(target);
    const models = [...this.models.keys()].filter((name) => name.startsWith(own + beforeModel));
    for (const name of [own, ...models]) {
      this.probes.delete(name);
      const before = this.of(name);
      if (before.failures === 0 && before.isTestFailed !== true) continue;
      this.set(name, { ...healthy, changedAtMs: Math.max(nowMs, before.changedAtMs + 1) });
    }
  }

  /** Returns everything that is known, by name, for sharing and for the dashboard. */
  report(): Record<string, TargetHealth> {
    return Object.fromEntries([...this.targets, ...this.models]);
  }

  /** Takes over what others saw later than this isolate. */
  learn(report: Readonly<Record<string, TargetHealth>>): void {
    for (const [name, seen] of Object.entries(report)) {
      if (seen.changedAtMs > this.of(name).changedAtMs) {
        this.set(name, { ...seen, firstByteMs: this.of(name).firstByteMs ?? seen.firstByteMs });
      }
    }
  }

  private availabilityOf(name: string, nowMs: number): Availability {
    const { failures, coolUntilMs } = this.of(name);
    if (failures === 0) return 'ready';
    if (nowMs < coolUntilMs) return 'cooling';
    return nowMs < (this.probes.get(name) ?? 0) ? 'cooling' : 'probe';
  }

  private of(name: string): TargetHealth {
    return this.mapOf(name).get(name) ?? healthy;
  }

  private set(name: string, health: TargetHealth): void {
    const map = this.mapOf(name);
    const oldest = map.keys().next().value;
    if (!map.has(name) && map.size >= rememberedTargets && oldest !== undefined) map.delete(oldest);
    map.set(name, health);
  }

  private mapOf(name: string): Map<string, TargetHealth> {
    return name.includes(beforeModel) ? this.models : this.targets;
  }

  /** Returns the names of the channel, its key, and the model that have an entry. */
  private knownNames(target: TargetId): string[] {
    const { channelId, keyId, upstreamModel } = target;
    const names = keyId === null ? [channelId] : [channelId, targetName(target)];
    if (upstreamModel !== undefined && this.models.size > 0) names.push(modelName(target, upstreamModel));
    return names.filter((name) => this.mapOf(name).has(name));
  }
}

function modelName(target: TargetId, upstreamModel: string): string {
  return `${targetName(target)}${beforeModel}${upstreamModel}`;
}

/** Returns what a failure counts against: a channel, a key, or a model of a key. */
function nameOfFailed(target: TargetId, { kind }: Failure): string {
  switch (kind) {
    case 'unavailable':
      return target.channelId;
    case 'refused':
      return targetName(target);
    case 'limited':
    case 'timeout':
      return target.upstreamModel === undefined
        ? targetName(target)
        : modelName(target, target.upstreamModel);
  }
}
