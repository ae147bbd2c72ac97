import { app } from './app.ts';
import type { Env } from './env.ts';
import { realtimeSessionWith } from './realtime/session.ts';
import { servicesOf } from './services.ts';

export { AccountLedger } from './quota/account-ledger.ts';
export { TokenLedger } from './quota/ledger.ts';
export { HealthRegistry as HealthBoard } from './routing/health-registry.ts';

/** Sessions share the services of their isolate. */
export const RealtimeSession = realtimeSessionWith(servicesOf);

export default {
  fetch: app.fetch,
  scheduled: async (_event: ScheduledController, env: Env) => {
    // Loaded with the first hour: isolates that relay need none of it.
    const { hourly } = await import('./hourly.ts');
    await hourly(env);
  },
};
