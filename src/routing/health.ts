// Which channels, keys, and models of keys can be relied on at this moment, by what became of the last requests. Lives in the
// isolate; health-board.ts shares it between isolates. Pure but for its own memory: the time and the dice are passed in.

/** How long a place is left alone. */
export const cooldowns = {
  /** After the first failure; doubled with each one more. */
  firstMs: 1_000,
  mostMs: 60_000,
  /** A key that the provider refuses; doubled too. */
  refusedFirstMs: 600_000,
  refusedMostMs: 3_600_000,
  /** What an upstream may ask for by `retry-after`. */
  retryAfterMostMs: 3_600_000,
  /** Share of a cool-down that chance adds or takes, so that isolates do not come back all at once. */
  jitter: 0.2,
  /** A probe without an outcome is taken for lost after this. */
  probeMs: 30_000,
} as const;

/** Channels and keys that an isolate remembers, and models of keys besides; the oldest of each are forgotten first. */
export const rememberedPlaces = 2_000;

/** A channel as a whole, one of its keys, or one of the upstream's models by that key. */
export interface Place {
  channelId: string;
  /** null: the channel has no key, or one that has no id (the environment's). */
  keyId: string | null;
  /** The upstream's own name of the model. Absent: the key, or the channel, as a whole. */
  upstreamModel?: string;
}

/** What went wrong at a place. */
export type Failure =
  /** No connection, a time-out, 5xx: the channel's. `retryAfterMs` as the upstream said; null or absent when it did not. */
  | { kind: 'unavailable'; reason: string; retryAfterMs?: number | null }
  /** 429: the key's, for that model. Providers limit each model by itself. */
  | { kind: 'limited'; reason: string; retryAfterMs: number | null }
  /** 408: the same, but it is no rate limit. */
  | { kind: 'timeout'; reason: string; retryAfterMs: number | null }
  /** 401, 402, 403: the key is refused, for every model. */
  | { kind: 'refused'; reason: string };

/** What is known of a channel, a key, or a model of a key; times in milliseconds since 1970. */
export interface PlaceHealth {
  /** Failures in a row. */
  failures: number;
  coolUntilMs: number;
  /** Until when the upstream's own `retry-after` holds; 0: it sent none. */
  retryAfterUntilMs: number;
  /** The last failure was a rate limit (429). */
  isLimited: boolean;
  /** The provider refuses the key: the operator must mend it. */
  isRefused: boolean;
  lastError: string | null;
  lastErrorAtMs: number;
  /** Moving average of the time to the first byte; null before the first. */
  firstByteMs: number | null;
  /** Changes so far: the newest of two reports counts. */
  changedAtMs: number;
}

/** `probe`: it may be tried by one request, whose outcome decides. */
export type Availability = 'ready' | 'probe' | 'cooling';

const healthy: PlaceHealth = {
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

/** The name of a channel or key in a report; a channel's own has no key in it. */
export function placeName({ channelId, keyId }: Place): string {
  return keyId === null ? channelId : `${channelId}/${keyId}`;
}

/** Ids of channels and keys have none: what follows is a model's name. */
const beforeModel = '#';

/** The models of a channel's keys in a report. */
export function modelsIn(
  report: Readonly<Record<string, PlaceHealth>>,
  channelId: string,
): { keyId: string | null; model: string; health: PlaceHealth }[] {
  return Object.entries(report).flatMap(([name, health]) => {
    const end = name.indexOf(beforeModel);
    if (end === -1) return [];
    const [ofChannel, keyId = null] = name.slice(0, end).split('/');
    return ofChannel === channelId ? [{ keyId, model: name.slice(end + 1), health }] : [];
  });
}

/** A cooldown that an upstream asked for by `retry-after`. */
export interface RequestedCooldown {
  untilMs: number;
  /** Every cause of it is a rate limit. */
  isLimited: boolean;
}

export class Health {
  private readonly places = new Map<string, PlaceHealth>();
  /** Apart from the places: whoever asks for many models of a channel must not push the channels' own health out. */
  private readonly models = new Map<string, PlaceHealth>();
  private readonly probes = new Map<string, number>();

  /** The worst of the channel's, the key's, and the model's. */
  availability(place: Place, nowMs: number): Availability {
    let worst: Availability = 'ready';
    for (const name of this.knownNames(place)) {
      const availability = this.availabilityOf(name, nowMs);
      if (availability === 'cooling') return 'cooling';
      if (availability === 'probe') worst = 'probe';
    }
    return worst;
  }

  /** When the place may be tried again; in the past for one that may be now. */
  coolUntilMs(place: Place): number {
    return Math.max(0, ...this.knownNames(place).map((name) => this.of(name).coolUntilMs));
  }

  /** The cooldown that the upstream asked for, unless it is over; null: it asked for none. */
  requestedCooldown(place: Place, nowMs: number): RequestedCooldown | null {
    const asking = this.knownNames(place)
      .map((name) => this.of(name))
      .filter(({ failures, retryAfterUntilMs }) => failures > 0 && nowMs < retryAfterUntilMs);
    if (asking.length === 0) return null;
    const untilMs = Math.max(...asking.map(({ retryAfterUntilMs }) => retryAfterUntilMs));
    return { untilMs, isLimited: asking.every(({ isLimited }) => isLimited) };
  }

  /** A request goes there now: of a place on probation it is the one probe. */
  begin(place: Place, nowMs: number): void {
    for (const name of this.knownNames(place)) {
      if (this.availabilityOf(name, nowMs) === 'probe') this.probes.set(name, nowMs + cooldowns.probeMs);
    }
  }

  /** The request ended without a word about the place: whoever comes next may probe it. */
  release(place: Place): void {
    for (const name of this.knownNames(place)) this.probes.delete(name);
  }

  /** `startedAtMs`: a success that began before the last failure says nothing about after it. Answers whether anything changed. */
  succeeded(place: Place, startedAtMs: number, firstByteMs: number, nowMs: number): boolean {
    let changed = false;
    // A model that never failed needs no entry.
    const names = new Set([...this.knownNames(place), place.channelId, placeName(place)]);
    for (const name of names) {
      const before = this.of(name);
      if (startedAtMs < before.lastErrorAtMs) continue;
      this.probes.delete(name);
      const average =
        before.firstByteMs === null ? firstByteMs : before.firstByteMs * 0.8 + firstByteMs * 0.2;
      const recovered = before.failures > 0 || before.isRefused;
      changed ||= recovered;
      const unchanged = {
        firstByteMs: average,
        lastError: before.lastError,
        lastErrorAtMs: before.lastErrorAtMs,
      };
      this.set(name, { ...healthy, ...unchanged, changedAtMs: recovered ? nowMs : before.changedAtMs });
    }
    return changed;
  }

  /**
   * Requests that were under way together fail together: they count as one failure, but what one of them says of the
   * time holds. Answers whether anything changed.
   */
  failed(place: Place, failure: Failure, startedAtMs: number, nowMs: number, random: number): boolean {
    const name = nameOfFailed(place, failure);
    const before = this.of(name);
    this.release(place);
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
      changedAtMs: nowMs,
    });
    return isNews;
  }

  /** Its operator has fixed something: what was known against it, and against models of it, counts no more. */
  reset(place: Place, nowMs: number): void {
    const own = placeName(place);
    const models = [...this.models.keys()].filter((name) => name.startsWith(own + beforeModel));
    for (const name of [own, ...models]) {
      this.probes.delete(name);
      const before = this.of(name);
      if (before.failures === 0) continue;
      this.set(name, { ...healthy, changedAtMs: Math.max(nowMs, before.changedAtMs + 1) });
    }
  }

  /** What is known, by name; for sharing and for the dashboard. */
  report(): Record<string, PlaceHealth> {
    return Object.fromEntries([...this.places, ...this.models]);
  }

  /** Takes over what others saw later than this isolate. */
  learn(report: Readonly<Record<string, PlaceHealth>>): void {
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

  private of(name: string): PlaceHealth {
    return this.mapOf(name).get(name) ?? healthy;
  }

  private set(name: string, health: PlaceHealth): void {
    const map = this.mapOf(name);
    const oldest = map.keys().next().value;
    if (!map.has(name) && map.size >= rememberedPlaces && oldest !== undefined) map.delete(oldest);
    map.set(name, health);
  }

  private mapOf(name: string): Map<string, PlaceHealth> {
    return name.includes(beforeModel) ? this.models : this.places;
  }

  /** The channel, its key, and the model, as far as anything is known of them. */
  private knownNames(place: Place): string[] {
    const { channelId, keyId, upstreamModel } = place;
    const names = keyId === null ? [channelId] : [channelId, placeName(place)];
    if (upstreamModel !== undefined && this.models.size > 0) names.push(modelName(place, upstreamModel));
    return names.filter((name) => this.mapOf(name).has(name));
  }
}

function modelName(place: Place, upstreamModel: string): string {
  return `${placeName(place)}${beforeModel}${upstreamModel}`;
}

/** Whom a failure is held against: a channel, a key, or a model of a key. */
function nameOfFailed(place: Place, { kind }: Failure): string {
  switch (kind) {
    case 'unavailable':
      return place.channelId;
    case 'refused':
      return placeName(place);
    case 'limited':
    case 'timeout':
      return place.upstreamModel === undefined ? placeName(place) : modelName(place, place.upstreamModel);
  }
}

/** The upstream's `retry-after` within bounds; null: it sent none. A refused key comes back after our own time. */
function requestedCooldownMs(failure: Failure): number | null {
  const asked = failure.kind === 'refused' ? null : (failure.retryAfterMs ?? null);
  return asked === null ? null : Math.min(Math.max(asked, cooldowns.firstMs), cooldowns.retryAfterMostMs);
}

function cooldownMs(failure: Failure, failures: number, random: number): number {
  const [first, most] =
    failure.kind === 'refused'
      ? [cooldowns.refusedFirstMs, cooldowns.refusedMostMs]
      : [cooldowns.firstMs, cooldowns.mostMs];
  const grown = Math.min(first * 2 ** (failures - 1), most);
  return grown * (1 + cooldowns.jitter * (2 * random - 1));
}
