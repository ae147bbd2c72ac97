// The differences between the APIs of realtime sessions: how a client names its model, which frames request something that costs, and how errors
// are sent. The rest (sockets, upstreams, money, the token) is shared.
import { logError } from '../lib/log.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { LedgerClient } from '../quota/client.ts';
import type { Catalog, Route } from '../routing/catalog.ts';
import type { Closing } from './close-codes.ts';
import type { Frame, Verdict } from './frames.ts';
import type { Pricing, SessionMoney } from './money.ts';
import type { SessionOrder } from './order.ts';

/** What a dialect needs from its session. */
export interface DialectContext {
  order: SessionOrder;
  money: SessionMoney;
  ledgers: Pick<LedgerClient, 'inspect'>;
  catalog(): Promise<Catalog>;
  /** Sends an event of the relay's own to either side. */
  sendClient(event: string): void;
  sendUpstream(event: string): void;
  /** Ends the session because of an error (close-codes.ts). */
  fail(thrown: unknown): void;
  background(work: Promise<unknown>): void;
}

/** The parts of a session that are charged separately, from their reservations to their charges. */
export interface SessionTurns {
  /** Whether anything is held that must be renewed. */
  readonly isEmpty: boolean;
  /** Renews everything that is held, and ends what may cost no more. */
  renew(): Promise<void>;
  /** Another upstream, at another price perhaps, has what the first one left. Throws RelayError: there is no quota for that. */
  moved(): Promise<void>;
  /** The session is over: everything that is held is charged or given back. */
  end(by: 'client' | 'upstream' | 'relay', errorCode: string): void;
}

/** One session in the events of its API. */
export interface Dialect {
  readonly turns: SessionTurns;
  /** The pricing of the model that answers now, or null while there is no upstream. */
  readonly pricing: Pricing | null;
  /** The same if the caller has named the model, so that the token can be checked for it; else null. */
  readonly chosen: Pricing | null;
  /** An upstream is connected. Called again for another one, before the first upstream's first frame. */
  connected(pricing: Pricing, catalog: Catalog): void;
  /** Returns the model that the client's first frame names; null means that none came in time. Throws RelayError if there is none. */
  modelIn(first: Frame | null): string;
  /** Where a route's upstream opens sessions. */
  url(route: Route): string;
  /** Returns the frame that is sent to every upstream before the client's, or null. */
  prelude(): string | null;
  /** Checks a client's frame before it is passed on; synchronous unless the ledger must be asked. */
  checkFrame(frame: Frame): Verdict | Promise<Verdict>;
  /** Observes an upstream's frame before it is passed on. */
  observeFrame(frame: Frame): void;
  /** Returns the event of an error inside the session, or null if the API has none. */
  errorEvent(error: RelayError): string | null;
  /** Returns the event for the end of the session's time, or null. */
  expiredEvent(): string | null;
  /** Whether an upstream that closes like that refuses the relay's own key or account. */
  refusesRelay(closing: Closing): boolean;
  /** Returns the close equivalent to a refusal in the upstream's first frame, or null. */
  refusalIn(first: Frame): Closing | null;
}

/** Returns the error itself, or an `internal_error`. */
export function relayErrorOf(thrown: unknown): RelayError {
  if (thrown instanceof RelayError) return thrown;
  const stack = String((thrown as Error)?.stack ?? thrown);
  logError('realtime-session-failed', { stack });
  return new RelayError('internal_error', 'The relay failed at this session.', { cause: thrown });
}
