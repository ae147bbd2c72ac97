// Finds a session its upstream: the places in routing's order, until one opens a socket.
import { RelayError } from '../lib/relay-error.ts';
import type { Attempt } from '../metering/log-row.ts';
import type { UpstreamRequest } from '../providers/provider.ts';
import { refusedRelay, refusedThisOnly } from '../providers/refused-relay.ts';
import { providers } from '../providers/registry.ts';
import { allowedHeaders } from '../providers/request-allowlist.ts';
import type { Route } from '../routing/catalog.ts';
import { everyTargetCooling } from '../routing/every-target-cooling.ts';
import type { Failure } from '../routing/health.ts';
import { placeName } from '../routing/health.ts';
import type { KeyRing } from '../routing/key-ring.ts';
import { retryAfterOf } from '../routing/retry-after.ts';
import { type Choice, selectPlace, tryName } from '../routing/select.ts';
import type { SharedHealth } from '../routing/shared-health.ts';
import type { Closing } from './close-codes.ts';
import { realtimeLimits } from './limits.ts';
import type { SessionOrder } from './order.ts';
import type { SessionRoute } from './routes.ts';

/** Opens a socket at an address; session.ts is the only one that fetches. */
export type OpenUpstream = (url: string, headers: Headers, signal: AbortSignal) => Promise<Response>;

export type Connection =
  | { outcome: 'open'; socket: WebSocket; route: SessionRoute }
  /** The upstream refuses the request itself: its own answer, for the caller. */
  | { outcome: 'answered'; response: Response }
  /** No place has a socket. `answer`: the last one's own, where it has said why; null: it has not, or not to the caller. */
  | { outcome: 'failed'; error: RelayError; answer: Response | null };

export interface ConnectorServices {
  keys: KeyRing;
  health: SharedHealth;
  open: OpenUpstream;
  background: (work: Promise<unknown>) => void;
}

export class Connector {
  readonly attempts: Attempt[] = [];
  private readonly tried = new Set<string>();
  /** How many places each model was offered to, by the routes' ranks. */
  private readonly offers = new Map<number, number>();
  private latest: { place: Choice<SessionRoute>; startedAtMs: number } | null = null;
  private readonly order: SessionOrder;
  private readonly routes: readonly SessionRoute[];
  private readonly urlOf: (route: Route) => string;
  private readonly services: ConnectorServices;

  constructor(
    order: SessionOrder,
    routes: readonly SessionRoute[],
    urlOf: (route: Route) => string,
    services: ConnectorServices,
  ) {
    this.order = order;
    this.routes = routes;
    this.urlOf = urlOf;
    this.services = services;
  }

  /** The next place that opens a socket, of the first model that has one. None is tried twice. */
  async next(): Promise<Connection> {
    let last: Connection = { outcome: 'failed', error: this.noPlace(), answer: null };
    for (let place = this.select(); place !== null; place = this.select()) {
      const { rank = 0 } = place.route;
      this.tried.add(tryName(place));
      this.offers.set(rank, (this.offers.get(rank) ?? 0) + 1);
      last = await this.attempt(place);
      if (last.outcome !== 'failed') return last;
    }
    return last;
  }

  /** The place that opened last went away before it said anything. */
  lost({ code }: Closing, refusesRelay: boolean): void {
    const attempt = this.attempts.at(-1);
    if (this.latest === null || attempt === undefined) return;
    const reason = `closed with ${code}`;
    attempt.error = reason;
    const failure: Failure = { kind: refusesRelay ? 'refused' : 'unavailable', reason };
    if (refusesRelay) this.tried.add(placeName(this.latest.place));
    const { health, background } = this.services;
    health.failed(this.latest.place, failure, this.latest.startedAtMs, background);
  }

  /** What is said where there is no place to try, or none any more. */
  private noPlace(): RelayError {
    const cooling = everyTargetCooling(this.routes, this.services.health.current, Date.now());
    return cooling ?? new RelayError('upstream_error', 'The model provider cannot be reached at the moment.');
  }

  private select(): Choice<SessionRoute> | null {
    const routes = this.routes.filter(({ rank = 0 }) => (this.offers.get(rank) ?? 0) < realtimeLimits.places);
    return selectPlace(routes, this.services.health.current, {
      tried: this.tried,
      seed: () => this.order.requestId,
      nowMs: Date.now(),
    });
  }

  private async attempt(place: Choice<SessionRoute>): Promise<Connection> {
    const startedAtMs = Date.now();
    this.latest = { place, startedAtMs };
    const { health, background } = this.services;
    health.begin(place, startedAtMs);
    const { response, keyId, text } = await this.call(place);
    const failure = failureOf(response, text);
    const status = response instanceof Response ? response.status : null;
    const durationMs = Date.now() - startedAtMs;
    this.attempts.push({
      channelId: place.channelId,
      keyId,
      status,
      error: failure?.reason ?? null,
      durationMs,
    });
    if (failure !== null) {
      // For the next model, too: nobody is there, or the key is refused.
      if (status === null || failure.kind === 'refused') this.tried.add(placeName(place));
      if (failure.kind === 'unsuited') health.succeeded(place, startedAtMs, durationMs, background);
      else health.failed(place, failure, startedAtMs, background);
      const isForCaller = status !== null && status >= 400 && failure.kind !== 'refused';
      const answer = isForCaller ? ownAnswer(response as Response, text) : null;
      return { outcome: 'failed', error: errorOf(failure, response), answer };
    }
    health.succeeded(place, startedAtMs, durationMs, background);
    const socket = response instanceof Response ? response.webSocket : null;
    if (socket !== null) return { outcome: 'open', socket, route: place.route };
    return { outcome: 'answered', response: ownAnswer(response as Response, text) };
  }

  /** Providers of sockets put their key into a header; none of them hands out anything else. */
  private async authorize({ channel }: Route, request: UpstreamRequest, key: string): Promise<void> {
    const { provider, settings } = channel;
    await providers[provider].authorize(request, key, settings, this.services.background);
  }

  /** The upstream's answer to the upgrade, or why there is none. `text`: what it says where it refuses. */
  private async call({
    route,
    keyId,
  }: Choice<Route>): Promise<{ response: Response | Error; keyId: string | null; text: string }> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), realtimeLimits.connectMs);
    let usedKeyId = keyId;
    try {
      const key = await this.services.keys.keyOf(route.channel, keyId);
      usedKeyId = key.id;
      const headers = allowedHeaders(new Headers(this.order.headers), route.channel);
      for (const [name, value] of Object.entries({ ...route.channel.headers, upgrade: 'websocket' }))
        headers.set(name, value);
      const url = this.urlOf(route);
      if (key.value !== null)
        await this.authorize(route, { url, method: 'GET', headers, body: null }, key.value);
      const response = await this.services.open(url, headers, abort.signal);
      const text = response.status >= 400 ? await response.text() : '';
      return { response, keyId: usedKeyId, text };
    } catch (cause) {
      const code = abort.signal.aborted ? 'upstream_timeout' : 'upstream_error';
      return {
        response: new RelayError(code, 'The model provider cannot be reached.', { cause }),
        keyId: usedKeyId,
        text: '',
      };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The place is well, but this session is none for it. */
interface Unsuited {
  kind: 'unsuited';
  reason: string;
}

/** What an answer says against its place; null: nothing, a refusal of the request itself included. */
function failureOf(response: Response | Error, text: string): Failure | Unsuited | null {
  if (response instanceof Error) return { kind: 'unavailable', reason: String(response.message) };
  const { status } = response;
  const said = { reason: `status ${status}`, retryAfterMs: retryAfterOf(response.headers, Date.now()) };
  if (refusedThisOnly(status, text)) return { kind: 'unsuited', reason: said.reason };
  if (refusedRelay(status, text)) return { kind: 'refused', reason: said.reason };
  if (status === 429) return { kind: 'limited', ...said };
  if (status === 408) return { kind: 'timeout', ...said };
  const isOpen = status === 101 && response.webSocket !== null;
  return isOpen || (status >= 400 && status < 500) ? null : { kind: 'unavailable', ...said };
}

/** It is the relay's own key or account, which is its operator's to mend. */
export function refusedRelayError(): RelayError {
  return new RelayError('upstream_refused_relay', 'The model provider refused the relay itself.');
}

function errorOf({ kind }: Failure | Unsuited, response: Response | Error): RelayError {
  if (response instanceof RelayError) return response;
  if (kind === 'refused') return refusedRelayError();
  if (kind === 'limited')
    return new RelayError('rate_limit_exceeded', 'The model provider takes no more sessions at the moment.');
  return new RelayError('upstream_error', 'The model provider cannot open a session at the moment.');
}

/** What of an upstream's refusal says when to come again. */
const passingHeaders = ['retry-after', 'retry-after-ms', 'x-should-retry'];

function ownAnswer({ status, headers: from }: Response, text: string): Response {
  const headers = new Headers({ 'content-type': from.get('content-type') ?? 'application/json' });
  for (const name of passingHeaders) {
    const value = from.get(name);
    if (value !== null) headers.set(name, value);
  }
  return new Response(text, { status, headers });
}
