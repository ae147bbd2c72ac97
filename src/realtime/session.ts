// The Durable Object of one realtime session: the two sockets live here, and what they owe until the ledger has it. The
// class gets its services from the isolate (index.ts): a session shares them with all that runs beside it.
import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../env.ts';
import type { RealtimeServices } from './live-session.ts';
import { orderOf } from './order.ts';
import { Settlements } from './settlements.ts';

abstract class RealtimeSession extends DurableObject<Env> {
  private settlements: Settlements | null = null;

  protected abstract services(): RealtimeServices;

  /** An upgrade with an order (order.ts): 101 and the client's socket, or an error in OpenAI's shape. */
  override async fetch(request: Request): Promise<Response> {
    // Loaded with the first session: the isolate of most requests never has one.
    const { LiveSession } = await import('./live-session.ts');
    const session = new LiveSession(orderOf(request), {
      ...this.services(),
      settlements: this.owed(),
      background: (work) => this.ctx.waitUntil(work),
      open: (url, headers, signal) => fetch(url, { headers, signal, redirect: 'manual' }),
    });
    return session.open();
  }

  /** Sends what the ledger has not confirmed; after a death of the process it is all that is left of the session. */
  override async alarm(): Promise<void> {
    const isLeft = this.settlements === null;
    const owed = this.owed();
    if (isLeft) owed.recover();
    await owed.alarm();
    if (isLeft) await owed.clear();
  }

  private owed(): Settlements {
    if (this.settlements !== null) return this.settlements;
    this.settlements = new Settlements(this.ctx.storage, this.services().ledgers);
    return this.settlements;
  }
}

/** The class with its services. */
export function realtimeSessionWith(servicesOf: (env: Env) => RealtimeServices) {
  return class extends RealtimeSession {
    protected override services(): RealtimeServices {
      return servicesOf(this.env);
    }
  };
}
