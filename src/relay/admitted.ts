// A request that the ledger has admitted: all that the steps after it share.
import type { AlarmClock } from '../lib/alarm-clock.ts';
import type { Call, RelayServices } from './call.ts';
import type { Plan } from './plan/plan.ts';
import type { AnswerStream } from './response/client-stream.ts';
import type { Ticket } from './ticket.ts';

export interface Admitted {
  call: Call;
  plan: Plan;
  ticket: Ticket;
  services: RelayServices;
  clock: AlarmClock;
  /** Where a streamed answer is written. */
  stream: AnswerStream;
  /** Aborted when the caller has left, and its answer is not to be finished. */
  leave: AbortController;
}
