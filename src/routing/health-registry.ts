// The one Durable Object where isolates tell each other which channels and keys are not well. In memory only: after a
// reset the isolates tell it anew.
import { DurableObject } from 'cloudflare:workers';
import { Health, type PlaceHealth } from './health.ts';

/** A place is forgotten this long after anything changed there. */
const forgottenAfterMs = 3_600_000;

export class HealthRegistry extends DurableObject {
  private readonly known = new Health();

  /** Adds a report; answers all that changed of late, so that who recovered is known too. */
  exchange(report: Record<string, PlaceHealth>): Record<string, PlaceHealth> {
    this.known.learn(report);
    const since = Date.now() - forgottenAfterMs;
    return Object.fromEntries(
      Object.entries(this.known.report()).filter(([, { changedAtMs }]) => changedAtMs > since),
    );
  }
}
