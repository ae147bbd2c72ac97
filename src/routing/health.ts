// Which channels and keys can be relied on at this moment, by what became of the last requests. Lives in the isolate;
// health-board.ts shares it between isolates. Pure but for its own memory: the time and the dice are passed in.

/** How long a place is left alone. */
export const coolDowns = {
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

/** Places that an isolate remembers; the oldest are forgotten first. */
export const rememberedPlaces = 2_000;

/** A channel as a whole, or one of its keys. */
export interface Place {
  channelId: string;
  /** null: the channel has no key, or one that has no id (the environment's). */
  keyId: string | null;
}

/** What went wrong at a place. */
export type Failure =
  /** No connection, a time-out, 5xx: the channel's. `retryAfterMs` as the upstream said; null or absent when it did not. */
  | { kind: 'unavailable'; reason: string; retryAfterMs?: number | null }
  /** 429 or 408: the key's. */
  | { kind: 'limited'; reason: string; retryAfterMs: number | null }
  /** 401, 402, 403: the key is refused. */
  | { kind: 'refused'; reason: string };

/** What is known of a channel or a key; times in milliseconds since 1970. */
export interface PlaceHealth {
  /** Failures in a row. */
  failures: number;
  coolUntilMs: number;
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
  isRefused: false,
  lastError: null,
  lastErrorAtMs: 0,
  firstByteMs: null,
  changedAtMs: 0,
};

/** The name of a place in a report; a channel's own has no key in it. */
export function placeName({ channelId, keyId }: Place): string {
  return keyId === null ? channelId : `${channelId}/${keyId}`;
}

export class Health {
  private readonly places = new Map<string, PlaceHealth>();
  private readonly probes = new Map<string, number>();

  /** The worse of the channel's and the key's. */
  availability(place: Place, nowMs: number): Availability {
    const all = namesOf(place).map((name) => this.availabilityOf(name, nowMs));
    if (all.includes('cooling')) return 'cooling';
    return all.includes('probe') ? 'probe' : 'ready';
  }

  /** When the place may be tried again; in the past for one that may be now. */
  coolUntilMs(place: Place): number {
    return Math.max(...namesOf(place).map((name) => this.of(name).coolUntilMs));
  }

  isRefused(place: Place): boolean {
    return namesOf(place).some((name) => this.of(name).isRefused);
  }

  /** A request goes there now: of a place on probation it is the one probe. */
  begin(place: Place, nowMs: number): void {
    for (const name of namesOf(place)) {
      if (this.availabilityOf(name, nowMs) === 'probe') this.probes.set(name, nowMs + coolDowns.probeMs);
    }
  }

  /** The request ended without a word about the place: whoever comes next may probe it. */
  release(place: Place): void {
    for (const name of namesOf(place)) this.probes.delete(name);
  }

  /** `startedAtMs`: a success that began before the last failure says nothing about after it. Answers whether anything changed. */
  succeeded(place: Place, startedAtMs: number, firstByteMs: number, nowMs: number): boolean {
    let changed = false;
    for (const name of namesOf(place)) {
      const before = this.of(name);
      if (startedAtMs < before.lastErrorAtMs) continue;
      this.probes.delete(name);
      const average =
        before.firstByteMs === null ? firstByteMs : before.firstByteMs * 0.8 + firstByteMs * 0.2;
      const recovered = before.failures > 0 || before.isRefused;
      changed ||= recovered;
      const kept = { firstByteMs: average, lastError: before.lastError, lastErrorAtMs: before.lastErrorAtMs };
      this.set(name, { ...healthy, ...kept, changedAtMs: recovered ? nowMs : before.changedAtMs });
    }
    return changed;
  }

  /**
   * Requests that were under way together fail together: they count as one failure, but what one of them says of the
   * time holds. Answers whether anything changed.
   */
  failed(place: Place, failure: Failure, startedAtMs: number, nowMs: number, random: number): boolean {
    const name = failure.kind === 'unavailable' ? place.channelId : placeName(place);
    const before = this.of(name);
    this.release(place);
    const isSame = startedAtMs < before.lastErrorAtMs && nowMs < before.coolUntilMs;
    const isNews = !isSame || saysHowLong(failure);
    const failures = isSame ? before.failures : before.failures + 1;
    const coolUntilMs = isNews ? nowMs + coolDownMs(failure, failures, random) : before.coolUntilMs;
    this.set(name, {
      ...before,
      failures,
      coolUntilMs: Math.max(before.coolUntilMs, coolUntilMs),
      isRefused: before.isRefused || failure.kind === 'refused',
      lastError: failure.reason,
      lastErrorAtMs: isSame ? before.lastErrorAtMs : nowMs,
      changedAtMs: nowMs,
    });
    return isNews;
  }

  /** Its operator has mended something: what was known against it counts no more. */
  forgive(place: Place, nowMs: number): void {
    const name = placeName(place);
    this.probes.delete(name);
    const before = this.places.get(name);
    if (before === undefined || before.failures === 0) return;
    this.set(name, { ...healthy, changedAtMs: Math.max(nowMs, before.changedAtMs + 1) });
  }

  /** What is known, by place name; for sharing and for the dashboard. */
  report(): Record<string, PlaceHealth> {
    return Object.fromEntries(this.places);
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
    return this.places.get(name) ?? healthy;
  }

  private set(name: string, health: PlaceHealth): void {
    const oldest = this.places.keys().next().value;
    if (!this.places.has(name) && this.places.size >= rememberedPlaces && oldest !== undefined) {
      this.places.delete(oldest);
    }
    this.places.set(name, health);
  }
}

function namesOf(place: Place): string[] {
  return place.keyId === null ? [place.channelId] : [place.channelId, placeName(place)];
}

/** A refused key is set aside for longer than one that failed, and an upstream may say itself when to come again. */
function saysHowLong(failure: Failure): boolean {
  return failure.kind === 'refused' || (failure.retryAfterMs ?? null) !== null;
}

function coolDownMs(failure: Failure, failures: number, random: number): number {
  const asked = failure.kind === 'refused' ? null : (failure.retryAfterMs ?? null);
  if (asked !== null) return Math.min(Math.max(asked, coolDowns.firstMs), coolDowns.retryAfterMostMs);
  const [first, most] =
    failure.kind === 'refused'
      ? [coolDowns.refusedFirstMs, coolDowns.refusedMostMs]
      : [coolDowns.firstMs, coolDowns.mostMs];
  const grown = Math.min(first * 2 ** (failures - 1), most);
  return grown * (1 + coolDowns.jitter * (2 * random - 1));
}
