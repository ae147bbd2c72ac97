// An isolate's health of places, told to the others and learnt from them through one Durable Object. The board may be
// late or away: then the isolate knows what it saw itself, and no request waits or fails for it.
import { logError, logWarning } from '../lib/log.ts';
import type { Background } from './catalog-loader.ts';
import { type Failure, Health, type Place, type PlaceHealth } from './health.ts';

/** The board as an isolate needs it. Any of it may reject. */
export interface HealthRegistryPort {
  /** Adds what an isolate saw; answers what is known of all places that are not well. */
  exchange(report: Record<string, PlaceHealth>): Promise<Record<string, PlaceHealth>>;
}

/** How often an isolate asks the board while it serves requests. */
export const exchangeEveryMs = 5_000;
/** Changes are told at once, but those that follow within this time are told together after it. */
export const reportEveryMs = 200;

export class SharedHealth {
  readonly current = new Health();
  private readonly registry: HealthRegistryPort;
  private exchangedAtMs = 0;
  private toldAtMs = 0;
  private hasNews = false;
  /** News waits for its time to be told. */
  private isTelling = false;

  constructor(registry: HealthRegistryPort) {
    this.registry = registry;
  }

  /** Asks what others saw, unless that was lately: at the beginning of a request, so that its answer may be there when a place is chosen. */
  refresh(background: Background): void {
    if (Date.now() - this.exchangedAtMs >= exchangeEveryMs) background(this.exchange());
  }

  begin(place: Place, nowMs: number): void {
    this.current.begin(place, nowMs);
  }

  succeeded(place: Place, startedAtMs: number, firstByteMs: number, background: Background): void {
    const nowMs = Date.now();
    this.hasNews = this.current.succeeded(place, startedAtMs, firstByteMs, nowMs) || this.hasNews;
    this.report(background);
  }

  failed(place: Place, failure: Failure, startedAtMs: number, background: Background): void {
    const nowMs = Date.now();
    this.hasNews = this.current.failed(place, failure, startedAtMs, nowMs, Math.random()) || this.hasNews;
    if (failure.kind === 'refused') {
      const { channelId, keyId } = place;
      logError('channel-key-refused', { channelId, keyId, reason: failure.reason });
    }
    this.report(background);
  }

  /** All that is known of places that were not well of late, here or elsewhere. Without the board: what is known here. */
  async known(): Promise<Record<string, PlaceHealth>> {
    const known = await this.registry.exchange(this.current.report()).catch((error) => {
      logWarning('health-board-away', { error });
      return {};
    });
    this.current.learn(known);
    return this.current.report();
  }

  /** Forgets, here and elsewhere, what was known against the places. */
  async reset(places: readonly Place[]): Promise<void> {
    if (places.length === 0) return;
    await this.known();
    for (const place of places) this.current.reset(place, Date.now());
    await this.known();
  }

  private report(background: Background): void {
    const waitMs = this.toldAtMs + reportEveryMs - Date.now();
    if (!this.hasNews) this.refresh(background);
    else if (!this.isTelling) background(waitMs <= 0 ? this.exchange() : this.exchangeAfter(waitMs));
  }

  private async exchangeAfter(waitMs: number): Promise<void> {
    this.isTelling = true;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    this.isTelling = false;
    await this.exchange();
  }

  /** Never rejects. */
  private async exchange(): Promise<void> {
    const nowMs = Date.now();
    const hadNews = this.hasNews;
    this.exchangedAtMs = nowMs;
    if (hadNews) this.toldAtMs = nowMs;
    this.hasNews = false;
    try {
      this.current.learn(await this.registry.exchange(hadNews ? this.current.report() : {}));
    } catch (error) {
      // Nobody has heard: it is news still.
      this.hasNews ||= hadNews;
      logWarning('health-board-away', { error });
    }
  }
}
