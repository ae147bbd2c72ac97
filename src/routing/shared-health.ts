// The health of targets in an isolate, shared with other isolates through one Durable Object. The registry may be
// late or unavailable: then the isolate knows what it saw itself, and no request waits or fails because of it.
import { logError, logWarning } from '../lib/log.ts';
import type { Background } from './catalog-loader.ts';
import { type Failure, Health, type TargetHealth, type TargetId } from './health.ts';

/** The registry as an isolate uses it. Every method may reject. */
export interface HealthRegistryPort {
  /** Adds what an isolate saw, and returns the health of all targets that had problems. */
  exchange(report: Record<string, TargetHealth>): Promise<Record<string, TargetHealth>>;
}

/** How often an isolate calls the registry while it serves requests. */
export const exchangeEveryMs = 5_000;
/** The first change is reported at once. Changes within this time after it are reported together. */
export const reportEveryMs = 200;

export class SharedHealth {
  readonly current = new Health();
  private readonly registry: HealthRegistryPort;
  private exchangedAtMs = 0;
  private toldAtMs = 0;
  private hasNews = false;
  /** There are changes to report. */
  private isTelling = false;

  constructor(registry: HealthRegistryPort) {
    this.registry = registry;
  }

  /**
   * Asks for what others saw, unless that was done recently. Called at the beginning of a request, so that the
   * answer may be there when a target is chosen.
   */
  refresh(background: Background): void {
    if (Date.now() - this.exchangedAtMs >= exchangeEveryMs) background(this.exchange());
  }

  begin(target: TargetId, nowMs: number): void {
    this.current.begin(target, nowMs);
  }

  succeeded(target: TargetId, startedAtMs: number, firstByteMs: number, background: Background): void {
    const nowMs = Date.now();
    this.hasNews = this.current.succeeded(target, startedAtMs, firstByteMs, nowMs) || this.hasNews;
    this.report(background);
  }

  failed(target: TargetId, failure: Failure, startedAtMs: number, background: Background): void {
    const nowMs = Date.now();
    this.hasNews = this.current.failed(target, failure, startedAtMs, nowMs, Math.random()) || this.hasNews;
    if (failure.kind === 'refused') {
      const { channelId, keyId } = target;
      logError('channel-key-refused', { channelId, keyId, reason: failure.reason });
    }
    this.report(background);
  }

  /** Records that an operator's test failed. */
  testFailed(
    target: TargetId,
    failure: { status: number | null; message: string | null },
    background: Background,
  ): void {
    this.current.testFailed(target, failure, Date.now());
    this.hasNews = true;
    this.report(background);
  }

  /**
   * Returns the health of all targets that had problems recently, here or elsewhere. Without the registry: what
   * is known here.
   */
  async known(): Promise<Record<string, TargetHealth>> {
    const known = await this.registry.exchange(this.current.report()).catch((error) => {
      logWarning('health-board-away', { error });
      return {};
    });
    this.current.learn(known);
    return this.current.report();
  }

  /** Resets the health of targets, here and elsewhere. */
  async reset(targets: readonly TargetId[]): Promise<void> {
    if (targets.length === 0) return;
    await this.known();
    for (const target of targets) this.current.reset(target, Date.now());
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
      // The report failed: its changes still have to be reported.
      this.hasNews ||= hadNews;
      logWarning('health-board-away', { error });
    }
  }
}
