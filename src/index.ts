import { app, hourly } from './app.ts';
import type { Env } from './config.ts';

export { AccountLedger } from './quota/account-ledger.ts';
export { TokenLedger } from './quota/ledger.ts';
export { RealtimeSession } from './realtime/session.ts';
export { HealthBoard } from './routing/health-board.ts';

export default {
  fetch: app.fetch,
  scheduled: (_event: ScheduledController, env: Env) => hourly(env),
};
