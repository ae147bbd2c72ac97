// Connects a session to an upstream: tries the targets in routing's order until one opens a socket.
import { errorTextOfBody } from '../formats/error-text.ts';
import { messageWithCause, RelayError } from '../lib/relay-error.ts';
import { errorMessage } from '../metering/error-message.ts';
import type { Attempt } from '../metering/log-row.ts';
import type { UpstreamRequest } from '../providers/provider.ts';
import { providers } from '../providers/registry.ts';
import { allowedHeaders } from '../providers/request-allowlist.ts';
import type { Route } from '../routing/catalog.ts';
import { type CurrentTry, Failover, type Tried } from '../routing/failover.ts';
import type { ChannelKey, KeyRing } from '../routing/key-ring.ts';
import type { Target } from '../routing/select.ts';
import type { SharedHealth } from '../routing/shared-health.ts';
import { secretsOfTarget } from '../routing/target-secrets.ts';
import { failureOfStatus, type UpstreamFailure } from '../routing/upstream-failure.ts';
import { textOfClosing } from './bridge.ts';
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
  /** No target opened a socket. `answer`: the last one's own refusal, or null if it gave none or none for the caller. */
  | { outcome: 'failed'; error: RelayError; answer: Response | null };

export interface ConnectorServices {
  keys: KeyRing;
  health: SharedHealth;
  open: OpenUpstream;
  background: (work: Promise<unknown>) => void;
}

/** An upstream's answer to the upgrade, or why there is none. */
interface Upgrade {
  response: Response | RelayError;
  key: ChannelKey | null;
  keyId: string | null;
  /** The upstream's text if it refuses. */
  text: string;
}

type Opened = Exclude<Connection, { outcome: 'failed' }>;
type Refused = Extract<Connection, { outcome: 'failed' }>;

export class Connector {
  private readonly order: SessionOrder;
  private readonly urlOf: (route: Route) => string;
  private readonly services: ConnectorServices;
  private readonly failover: Failover<SessionRoute>;

  constructor(
    order: SessionOrder,
    routes: readonly SessionRoute[],
    urlOf: (route: Route) => string,
    services: ConnectorServices,
  ) {
    this.order = order;
    this.urlOf = urlOf;
    this.services = services;
    const { health, background } = services;
    const seed = () => order.requestId;
    this.failover = new Failover({
      routes,
      health,
      seed,
      attemptsPerModel: realtimeLimits.targets,
      background,
    });
  }

  get attempts(): readonly Attempt[] {
    return this.failover.attempts;
  }

  /** Connects to the next target that opens a socket, of the first model that has one. None is tried twice. */
  async next(): Promise<Connection> {
    const result = await this.failover.run((current) => this.attempt(current));
    switch (result.outcome) {
      case 'answered':
        return result.answer;
      case 'failed':
        return result.failed;
      case 'stopped':
        throw result.error;
      case 'untried': {
        const message = 'The model provider cannot be reached at the moment.';
        const error = result.cooling ?? new RelayError('upstream_error', message);
        return { outcome: 'failed', error, answer: null };
      }
    }
  }

  /** The upstream that opened last closed before its first frame. */
  lost(closing: Closing, refusesRelay: boolean): void {
    const reason = `closed with ${closing.code}`;
    const kind = refusesRelay ? 'refused' : 'unavailable';
    this.failover.failLate(reason, { kind, reason }, errorMessage(textOfClosing(closing) ?? reason));
  }

  private async attempt({ target, startedAtMs }: CurrentTry<SessionRoute>): Promise<Tried<Opened, Refused>> {
    const { response, key, keyId, text } = await this.call(target);
    const failure = failureOf(response, text);
    const status = response instanceof Response ? response.status : null;
    const { channelId } = target;
    const durationMs = Date.now() - startedAtMs;
    const message = messageOf(response, text, secretsOfTarget(target.route.channel, key));
    const attempt = {
      ...{ channelId, keyId, status, error: failure?.reason ?? null, durationMs },
      ...(message !== null && { message }),
    };
    if (failure === null) {
      const answer = openedBy(response as Response, target.route, text);
      return { outcome: 'answered', attempt, answer };
    }
    const isForCaller = status !== null && status >= 400 && failure.kind !== 'refused';
    const failed: Refused = {
      outcome: 'failed',
      error: errorOf(failure, response),
      answer: isForCaller ? ownAnswer(response as Response, text) : null,
    };
    const isReachable = status !== null;
    return { outcome: 'failed', attempt, failure, isReachable, isFinal: false, failed };
  }

  /** Providers of sockets take their key in a header. */
  private async authorize({ channel }: Route, request: UpstreamRequest, key: string): Promise<void> {
    const { provider, settings } = channel;
    await providers[provider].authorize(request, key, settings, this.services.background);
  }

  /** Asks the upstream for the upgrade. Never rejects. */
  private async call({ route, keyId }: Target<Route>): Promise<Upgrade> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), realtimeLimits.connectMs);
    let usedKeyId = keyId;
    let key: ChannelKey | null = null;
    try {
      key = await this.services.keys.keyOf(route.channel, keyId);
      usedKeyId = key.id;
      const headers = allowedHeaders(new Headers(this.order.headers), route.channel);
      for (const [name, value] of Object.entries({ ...route.channel.headers, upgrade: 'websocket' }))
        headers.set(name, value);
      const url = this.urlOf(route);
      if (key.value !== null)
        await this.authorize(route, { url, method: 'GET', headers, body: null }, key.value);
      const response = await this.services.open(url, headers, abort.signal);
      const text = response.status >= 400 ? await response.text() : '';
      return { response, key, keyId: usedKeyId, text };
    } catch (cause) {
      const code = abort.signal.aborted ? 'upstream_timeout' : 'upstream_error';
      const error = new RelayError(code, 'The model provider cannot be reached.', { cause });
      return { response: error, key, keyId: usedKeyId, text: '' };
    } finally {
      clearTimeout(timer);
    }
  }
}

function openedBy(response: Response, route: SessionRoute, text: string): Opened {
  const socket = response.webSocket;
  return socket === null
    ? { outcome: 'answered', response: ownAnswer(response, text) }
    : { outcome: 'open', socket, route };
}

/** Returns why no socket was opened, for the log, or null if one was. */
function messageOf(response: Response | RelayError, text: string, secrets: string[]): string | null {
  if (response instanceof RelayError) return errorMessage(messageWithCause(response), { secrets });
  const { status } = response;
  return status < 400 ? null : errorMessage(errorTextOfBody(status, text), { secrets });
}

/** Returns the failure of an answer to the upgrade, or null if a socket is open or the request itself is refused. */
function failureOf(response: Response | RelayError, text: string): UpstreamFailure | null {
  const unavailable = { kind: 'unavailable', retryAfterMs: null, mayBeDone: false } as const;
  if (response instanceof RelayError) return { ...unavailable, reason: response.message };
  const { status, headers, webSocket } = response;
  if (status >= 400) return failureOfStatus(status, headers, text);
  const isOpen = status === 101 && webSocket !== null;
  return isOpen ? null : { ...unavailable, reason: `status ${status}` };
}

/** Returns the error for a refused key or account of the relay, which its operator must fix. */
export function refusedRelayError(): RelayError {
  return new RelayError('upstream_refused_relay', 'The model provider refused the relay itself.');
}

function errorOf({ kind }: UpstreamFailure, response: Response | RelayError): RelayError {
  if (response instanceof RelayError) return response;
  if (kind === 'refused') return refusedRelayError();
  if (kind === 'limited')
    return new RelayError('rate_limit_exceeded', 'The model provider takes no more sessions at the moment.');
  return new RelayError('upstream_error', 'The model provider cannot open a session at the moment.');
}

/** Headers of an upstream's refusal that say when to try again. */
const passingHeaders = ['retry-after', 'retry-after-ms', 'x-should-retry'];

function ownAnswer({ status, headers: from }: Response, text: string): Response {
  const headers = new Headers({ 'content-type': from.get('content-type') ?? 'application/json' });
  for (const name of passingHeaders) {
    const value = from.get(name);
    if (value !== null) headers.set(name, value);
  }
  return new Response(text, { status, headers });
}
