// The one Durable Object through which isolates share the health of channels and keys. In memory only: after a
// reset, the isolates report again.
import { DurableObject } from 'cloudflare:workers';
import { Health, type PlaceHealth } from './health.ts';

/** An entry is dropped this long after its last change. */
const forgottenAfterMs = 3_600_000;

export class HealthRegistry extends DurableObject {
  private readonly known = new Health();

  /** Adds a report. Returns all recent changes, so that recoveries are known too. */
  exchange(report: Record<string, PlaceHealth>): Record<string, PlaceHealth> {
    this.known.learn(report);
    const since = Date.now() - forgottenAfterMs;
    return Object.fromEntries(
      Object.entries(this.known.report()).filter(([, { changedAtMs }]) => changedAtMs > since),
    );
  }
}
