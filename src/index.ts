import { app } from './app.ts';

export { TokenLedger } from './quota/ledger.ts';
export { RealtimeSession } from './realtime/session.ts';

export default { fetch: app.fetch };
