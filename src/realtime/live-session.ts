// One session from its opening to its row: connects the client to an upstream, lets frames pass under the eyes of its
// dialect, watches the token, and settles when either side is gone.
import { policyQuestion } from '../admission/admission-request.ts';
import { errorBody, errorHeaders, errorStatus } from '../formats/api-errors.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { LedgerClient } from '../quota/client.ts';
import type { Catalog } from '../routing/catalog.ts';
import type { CatalogLoader } from '../routing/catalog-loader.ts';
import { Bridge, type SessionEnd } from './bridge.ts';
import { type Closing, closeCodes, closingForError } from './close-codes.ts';
import { Connector, type ConnectorServices, refusedRelayError } from './connect.ts';
import type { Dialect, DialectContext } from './dialect.ts';
import { relayErrorOf } from './dialect.ts';
import type { Frame } from './frames.ts';
import { GeminiDialect } from './gemini/dialect.ts';
import { realtimeLimits } from './limits.ts';
import { type Pricing, reasonOfSession, SessionMoney } from './money.ts';
import { OpenaiDialect } from './openai/dialect.ts';
import type { SessionOrder } from './order.ts';
import {
  modelsToAllow,
  pricingAt,
  type SessionCandidates,
  type SessionRoute,
  sessionCandidates,
  sessionRoutes,
  usualTranscriptionModel,
} from './routes.ts';
import type { Settlements } from './settlements.ts';

/** The parts of the relay that a session needs; one set an isolate. */
export interface RealtimeServices extends Pick<ConnectorServices, 'keys' | 'health'> {
  ledgers: LedgerClient;
  catalog: Pick<CatalogLoader, 'current'>;
}

interface LiveSessionContext extends ConnectorServices, RealtimeServices {
  settlements: Settlements;
}

/** The candidates of a session and its connector. */
interface Line {
  candidates: SessionCandidates;
  connector: Connector;
}

const dialects = { openai: OpenaiDialect, gemini: GeminiDialect } as const satisfies Record<
  SessionOrder['format'],
  new (
    context: DialectContext,
  ) => Dialect
>;

export class LiveSession {
  private readonly order: SessionOrder;
  private readonly context: LiveSessionContext;
  private readonly money: SessionMoney;
  private readonly dialect: Dialect;
  private line: Line | null = null;
  private bridge: Bridge | null = null;
  private isOver = false;
  private timers: ReturnType<typeof setTimeout>[] = [];
  /** The pricing that the ledger was last asked about, and how to ask again. */
  private watched: { about: Pricing | null; again: () => void } | null = null;

  constructor(order: SessionOrder, context: LiveSessionContext) {
    this.order = order;
    this.context = context;
    const { ledgers, settlements, background } = context;
    this.money = new SessionMoney(order, ledgers, settlements, background);
    this.dialect = new dialects[order.format]({
      order,
      money: this.money,
      ledgers,
      catalog: () => this.catalog(),
      sendClient: (event) => this.bridge?.sendClient(event),
      sendUpstream: (event) => this.bridge?.sendUpstream(event),
      fail: (thrown) => this.fail(thrown),
      background,
    });
  }

  /** The answer to the upgrade: the client's end of the session, or the error that there is instead. */
  async open(): Promise<Response> {
    const { model, intent, format, protocol, requestId } = this.order;
    try {
      const named = model ?? (intent === 'transcription' ? usualTranscriptionModel : null);
      const opened = named === null ? null : await this.connect(named);
      if (opened instanceof Response) return this.refused(opened, 'upstream_error', null);
      const { 0: client, 1: server } = new WebSocketPair();
      this.run(server, opened);
      const headers = new Headers(protocol === null ? {} : { 'sec-websocket-protocol': protocol });
      const answering = this.dialect.pricing?.model ?? model;
      if (answering !== null && answering !== model) headers.set('x-relay-model', answering);
      return new Response(null, { status: 101, webSocket: client, headers });
    } catch (thrown) {
      const error = relayErrorOf(thrown);
      const body = errorBody(format, error, requestId);
      const init = { status: errorStatus(format, error.code), headers: errorHeaders(error) };
      return this.refused(Response.json(body, init), error.code, error.message);
    }
  }

  /** Connects to an upstream that serves the named model. Returns its socket, or its own refusal. Throws RelayError. */
  private async connect(named: string): Promise<WebSocket | Response> {
    const { order, context, dialect } = this;
    const catalog = await this.catalog();
    const candidates = sessionCandidates(named, order.fallback, catalog);
    const routes = sessionRoutes(catalog, candidates, order.format, order.identity);
    this.line = {
      candidates,
      connector: new Connector(order, routes, (route) => dialect.url(route), context),
    };
    const connection = await this.line.connector.next();
    if (connection.outcome === 'answered') return connection.response;
    if (connection.outcome === 'failed') {
      if (connection.answer === null) throw connection.error;
      return connection.answer;
    }
    this.connected(connection.route, candidates, catalog);
    return connection.socket;
  }

  private connected(route: SessionRoute, candidates: SessionCandidates, catalog: Catalog): void {
    this.dialect.connected(pricingAt(route, candidates, catalog, this.order.identity, Date.now()), catalog);
  }

  private run(client: WebSocket, upstream: WebSocket | null): void {
    const { dialect, context } = this;
    const bridge = new Bridge(client, {
      checkFrame: (frame) => dialect.checkFrame(frame),
      observeFrame: (frame) => dialect.observeFrame(frame),
      reconnect: (closing) => this.reconnect(closing),
      refusesRelay: (closing) => dialect.refusesRelay(closing),
      refusalIn: (frame) => dialect.refusalIn(frame),
      refusedEvent: () => dialect.errorEvent(refusedRelayError()),
      ended: (end) => this.ended(end),
    });
    this.bridge = bridge;
    if (upstream !== null) bridge.attach(upstream, dialect.prelude());
    else context.background(this.connectWhenNamed(bridge));
    context.background(this.watch());
    this.timers.push(setTimeout(() => this.expire(bridge), realtimeLimits.sessionMs));
    this.timers.push(setInterval(() => this.renewTurns(), realtimeLimits.renewMs));
  }

  /** A client that named no model in its URL does so in its first frame. */
  private async connectWhenNamed(bridge: Bridge): Promise<void> {
    try {
      const named = this.dialect.modelIn(await this.firstFrame(bridge));
      await this.checkNamed(named);
      const opened = await this.connect(named);
      if (opened instanceof Response)
        throw new RelayError('upstream_error', 'The model provider refused the session.');
      bridge.attach(opened, this.dialect.prelude());
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  /** Returns null if it did not come in time. */
  private firstFrame(bridge: Bridge): Promise<Frame | null> {
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(() => late.resolve(null), realtimeLimits.modelWaitMs);
    this.timers.push(timer);
    return Promise.race([bridge.firstFrame, late.promise]).finally(() => clearTimeout(timer));
  }

  /** Throws RelayError: the token may not have that model, or one that the name can come to. */
  private async checkNamed(named: string): Promise<void> {
    const { order, context } = this;
    const candidates = sessionCandidates(named, order.fallback, await this.catalog());
    const question = policyQuestion(order, { model: named, models: modelsToAllow(candidates) });
    const inspection = await context.ledgers.inspect(order.identity.tokenId, question);
    if (inspection.outcome === 'refused') throw new RelayError(inspection.code, inspection.message);
  }

  /** Another upstream for one that went away without a word. */
  private async reconnect(closing: Closing): Promise<WebSocket | null> {
    if (this.line === null) return null;
    const { candidates, connector } = this.line;
    const refusesRelay = this.dialect.refusesRelay(closing);
    // 1007: the frames are invalid, for any upstream.
    if (closing.code === 1007 && !refusesRelay) return null;
    connector.lost(closing, refusesRelay);
    const connection = await connector.next();
    if (connection.outcome !== 'open') return null;
    try {
      this.connected(connection.route, candidates, await this.catalog());
      await this.dialect.turns.moved();
      return connection.socket;
    } catch (thrown) {
      connection.socket.accept();
      connection.socket.close(closeCodes.going_away);
      this.fail(thrown);
      return null;
    }
  }

  /** Until the token may not go on, or the session is over. Another model is another question, from then on. */
  private async watch(): Promise<void> {
    while (!this.isOver) {
      const about = this.dialect.chosen;
      const { promise: asksAgain, resolve } = Promise.withResolvers<null>();
      this.watched = { about, again: () => resolve(null) };
      const error = await Promise.race([this.money.watch(about), asksAgain]);
      if (error !== null && about === this.dialect.chosen) return this.fail(error);
    }
  }

  /** Ends the session. The client gets the reason as an event, if its API has one. */
  private fail(thrown: unknown): void {
    const error = relayErrorOf(thrown);
    const { code, message } = error;
    this.bridge?.end(closingForError(code), this.dialect.errorEvent(error), code, message);
  }

  private expire(bridge: Bridge): void {
    const closing = { code: closeCodes.going_away, reason: 'session_expired' };
    bridge.end(closing, this.dialect.expiredEvent(), closing.reason);
  }

  private renewTurns(): void {
    const { turns, chosen } = this.dialect;
    if (this.watched?.about !== chosen) this.watched?.again();
    if (!turns.isEmpty) this.context.background(turns.renew());
  }

  private ended({ by, errorCode, errorText = null }: SessionEnd): void {
    this.isOver = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.dialect.turns.end(by, errorCode ?? (by === 'client' ? 'client_left' : 'session_ended'));
    this.settle(101, errorCode, errorText);
    this.context.background(this.context.settlements.clear());
  }

  private refused(response: Response, errorCode: string, errorText: string | null): Response {
    this.settle(response.status, errorCode, errorText);
    this.context.background(this.context.settlements.clear());
    return response;
  }

  /** `errorText`: null means that the last attempt or the code says it. */
  private settle(status: number, errorCode: string | null, errorText: string | null): void {
    const { pricing } = this.dialect;
    const where = pricing && { upstreamModel: pricing.upstreamModel, channelId: pricing.channel.id };
    const attempts = [...(this.line?.connector.attempts ?? [])];
    const model = pricing?.named ?? this.order.model;
    const text = errorText ?? (status === 101 ? null : (attempts.at(-1)?.message ?? null));
    const reason = reasonOfSession(errorCode, text, [model]);
    this.money.settleSession({ attempts, status, ...reason, ...where }, model);
  }

  private async catalog(): Promise<Catalog> {
    return this.context.catalog.current(Date.now(), this.context.background);
  }
}
