// What is different between the APIs whose sessions are relayed: how a client names its model, which frames ask for
// something that costs, and how it is told what is wrong. All else (sockets, upstreams, money, the token) is the same.
import type { RelayError } from '../lib/relay-error.ts';
import type { LedgerClient } from '../quota/client.ts';
import type { Catalog, Route } from '../routing/catalog.ts';
import type { Closing } from './close-codes.ts';
import type { Frame, Verdict } from './frames.ts';
import type { Pricing, SessionMoney } from './money.ts';
import type { SessionOrder } from './order.ts';

/** What a dialect needs of its session. */
export interface DialectContext {
  order: SessionOrder;
  money: SessionMoney;
  ledgers: Pick<LedgerClient, 'inspect'>;
  catalog(): Promise<Catalog>;
  /** The relay's own word to either side. */
  sendClient(event: string): void;
  sendUpstream(event: string): void;
  /** Ends the session because of an error (close-codes.ts). */
  fail(thrown: unknown): void;
  background(work: Promise<unknown>): void;
}

/** What of a session costs by itself, from its reservation to its charge. */
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

/** One session in the words of its API. */
export interface Dialect {
  readonly turns: SessionTurns;
  /** Of what answers now; null: there is no upstream yet. */
  readonly pricing: Pricing | null;
  /** … if the caller has named it, and the token may be asked about it; else null. */
  readonly chosen: Pricing | null;
  /** There is an upstream that serves the model. Called again for another one, before the first has said anything. */
  connected(pricing: Pricing, catalog: Catalog): void;
  /** The model that the client's first frame names; null: none came in time. Throws RelayError: it names none. */
  modelIn(first: Frame | null): string;
  /** Where a route's upstream opens sessions. */
  url(route: Route): string;
  /** Said to every upstream before anything of the client's; null: nothing is. */
  prelude(): string | null;
  /** Of a client's frame, before it goes on: at once wherever nobody has to be asked. */
  judge(frame: Frame): Verdict | Promise<Verdict>;
  /** Of an upstream's frame, before it goes on. */
  observe(frame: Frame): void;
  /** How the client is told of an error inside the session; null: its API has no word for it. */
  errorEvent(error: RelayError): string | null;
  /** … and that the session's time is over. */
  expiredEvent(): string | null;
  /** Whether an upstream that closes like that refuses the relay's own key or account. */
  refusesRelay(closing: Closing): boolean;
  /** The closing that an upstream's first frame stands for, which says the same; null: it is none of that kind. */
  refusalIn(first: Frame): Closing | null;
}
