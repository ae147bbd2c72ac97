// A request that the ledger has admitted: all that the steps after it share.
import type { AlarmClock } from '../lib/alarm-clock.ts';
import type { Call, RelayServices } from './call.ts';
import type { Plan } from './plan.ts';
import type { Ticket } from './ticket.ts';

export interface Admitted {
  call: Call;
  plan: Plan;
  ticket: Ticket;
  services: RelayServices;
  clock: AlarmClock;
}
