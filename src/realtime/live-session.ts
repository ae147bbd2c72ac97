// One session from its opening to its row: connects the client to an upstream, lets frames pass under the eyes of
// turns and models, watches the token, and settles when either side is gone.
import { errorBody, errorHeaders, errorStatus } from '../formats/error.ts';
import { objectAt, textAt } from '../formats/json-reader.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { LedgerClient } from '../quota/client.ts';
import type { Catalog } from '../routing/catalog.ts';
import type { CatalogLoader } from '../routing/catalog-loader.ts';
import { ratesOf } from '../routing/route-rates.ts';
import { Bridge, type SessionEnd } from './bridge.ts';
import { judge } from './client-frames.ts';
import { closeCodes, policyClosing } from './close-codes.ts';
import { Connector, type ConnectorServices } from './connect.ts';
import { Conversation } from './conversation.ts';
import { cancelEvent, errorEvent, sessionExpiredEvent, sessionUpdateEvent } from './error-event.ts';
import { readFrame } from './events.ts';
import { realtimeLimits } from './limits.ts';
import { SessionModels } from './models.ts';
import { type Pricing, SessionMoney } from './money.ts';
import type { SessionOrder } from './order.ts';
import { multiplierFor, pricingAt, realtimeRoutes, usualTranscriptionModel } from './routes.ts';
import type { Settlements } from './settlements.ts';
import { Turns } from './turns.ts';
import { observe } from './upstream-frames.ts';

/** The parts of the relay that a session needs; one set an isolate. */
export interface RealtimeServices extends Pick<ConnectorServices, 'keys' | 'health'> {
  ledgers: LedgerClient;
  catalog: CatalogLoader;
}

export interface LiveSessionContext extends ConnectorServices, RealtimeServices {
  settlements: Settlements;
}

export class LiveSession {
  private readonly order: SessionOrder;
  private readonly context: LiveSessionContext;
  private readonly money: SessionMoney;
  private readonly conversation: Conversation;
  private readonly turns: Turns;
  private models: SessionModels | null = null;
  private connector: Connector | null = null;
  private bridge: Bridge | null = null;
  private isOver = false;
  private timers: ReturnType<typeof setTimeout>[] = [];

  constructor(order: SessionOrder, context: LiveSessionContext) {
    this.order = order;
    this.context = context;
    const { ledgers, settlements, background } = context;
    this.conversation = new Conversation(order.intent === 'transcription');
    this.conversation.applySession(order.bound?.settings ?? {});
    this.conversation.told(order.bound?.settings ?? {});
    this.money = new SessionMoney(order, ledgers, settlements, background);
    this.turns = new Turns({
      conversation: this.conversation,
      money: this.money,
      pricing: () => this.pricing(),
      transcriptPricing: () => this.transcriptPricing(),
      refuse: (responseId, error) => {
        this.bridge?.sendUpstream(cancelEvent(responseId));
        this.bridge?.sendClient(errorEvent(error));
      },
    });
  }

  /** The answer to the upgrade: the client's end of the session, or the error that there is instead. */
  async open(): Promise<Response> {
    try {
      const { model, intent } = this.order;
      const named = model ?? (intent === 'transcription' ? usualTranscriptionModel : null);
      const opened = named === null ? null : await this.connect(named);
      if (opened instanceof Response) return this.refused(opened, 'upstream_error');
      const { 0: client, 1: server } = new WebSocketPair();
      this.run(server, opened);
      const protocol = this.order.protocol;
      const headers = protocol === null ? {} : { 'sec-websocket-protocol': protocol };
      return new Response(null, { status: 101, webSocket: client, headers });
    } catch (thrown) {
      const error = relayErrorOf(thrown);
      const body = errorBody('openai', error, this.order.requestId);
      const init = { status: errorStatus('openai', error.code), headers: errorHeaders(error) };
      return this.refused(Response.json(body, init), error.code);
    }
  }

  /** A socket to an upstream that serves the model; or its own refusal. Throws RelayError. */
  private async connect(model: string): Promise<WebSocket | Response> {
    const catalog = await this.catalog();
    this.connector = new Connector(
      this.order,
      realtimeRoutes(catalog, model, this.order.identity),
      this.context,
    );
    const connection = await this.connector.next();
    if (connection.outcome === 'failed') throw connection.error;
    if (connection.outcome === 'answered') return connection.response;
    const pricing = pricingAt(connection.route, model, catalog, this.order.identity, Date.now());
    this.models = new SessionModels(pricing, this.order, this.context.ledgers, () => this.catalog());
    return connection.socket;
  }

  private run(client: WebSocket, upstream: WebSocket | null): void {
    const bridge = new Bridge(client, {
      judge: (frame) => judge(frame, this.parts()),
      observe: (frame) =>
        observe(frame, {
          ...this.parts(),
          modelChanged: (model) => this.context.background(this.checkChanged(model)),
          background: this.context.background,
        }),
      another: () => this.another(),
      ended: (end) => this.ended(end),
    });
    this.bridge = bridge;
    if (upstream !== null) bridge.attach(upstream, this.prelude());
    else this.context.background(this.connectWhenNamed(bridge));
    this.context.background(this.watch(bridge));
    const expire = () =>
      bridge.end(
        { code: closeCodes.going_away, reason: 'session_expired' },
        sessionExpiredEvent(),
        'session_expired',
      );
    this.timers.push(setTimeout(expire, realtimeLimits.sessionMs));
    this.timers.push(setInterval(() => this.renewTurns(), realtimeLimits.lookMs));
  }

  /** A client that named no model in its URL does so in its first frame. */
  private async connectWhenNamed(bridge: Bridge): Promise<void> {
    try {
      const late = scheduler.wait(realtimeLimits.modelWaitMs).then(() => null);
      const frame = await Promise.race([bridge.firstFrame, late]);
      const facts = frame === null ? null : readFrame(frame);
      const event = facts?.outcome === 'event' ? facts.event : undefined;
      const model = textAt(objectAt(event, 'session'), 'model');
      if (model === undefined) throw new RelayError('invalid_request', modelMissing, { param: 'model' });
      const { identity, ip } = this.order;
      const inspection = await this.context.ledgers.inspect(identity.tokenId, {
        hash: identity.hash,
        ip,
        model,
      });
      if (inspection.outcome === 'refused') throw new RelayError(inspection.code, inspection.message);
      const opened = await this.connect(model);
      if (opened instanceof Response)
        throw new RelayError('upstream_error', 'The model provider refused the session.');
      bridge.attach(opened, this.prelude());
    } catch (thrown) {
      const error = relayErrorOf(thrown);
      bridge.end(policyClosing(error.code), errorEvent(error), error.code);
    }
  }

  /** Another upstream for one that went away without a word. */
  private async another(): Promise<WebSocket | null> {
    const connection = await this.connector?.next();
    if (connection?.outcome !== 'open' || this.models === null) return null;
    const { model } = this.models.pricing;
    const catalog = await this.catalog();
    this.models.pricing = pricingAt(connection.route, model, catalog, this.order.identity, Date.now());
    return connection.socket;
  }

  /** Until the token may not go on, or the session is over. */
  private async watch(bridge: Bridge): Promise<void> {
    while (!this.isOver) {
      const error = await this.money.watch(this.models?.pricing.model ?? this.order.model);
      if (error !== null) return bridge.end(policyClosing(error.code), errorEvent(error), error.code);
    }
  }

  /** A frame that escaped the check at the door of frames does not escape the upstream's own word. */
  private async checkChanged(model: string): Promise<void> {
    try {
      await this.models?.take(model);
    } catch (thrown) {
      const error = relayErrorOf(thrown);
      this.bridge?.end(policyClosing(error.code), errorEvent(error), error.code);
    }
  }

  private renewTurns(): void {
    if (!this.turns.isEmpty) this.context.background(this.turns.renew());
  }

  private ended({ by, errorCode }: SessionEnd): void {
    this.isOver = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.turns.end(by, errorCode ?? (by === 'client' ? 'client_left' : 'session_ended'));
    this.settle(101, errorCode);
    this.context.background(this.context.settlements.clear());
  }

  private refused(response: Response, errorCode: string): Response {
    this.settle(response.status, errorCode);
    this.context.background(this.context.settlements.clear());
    return response;
  }

  private settle(status: number, errorCode: string | null): void {
    const pricing = this.models?.pricing;
    const where = pricing && { upstreamModel: pricing.upstreamModel, channelId: pricing.channel.id };
    const attempts = this.connector?.attempts ?? [];
    this.money.settleSession({ attempts, status, errorCode, ...where }, pricing?.model ?? this.order.model);
  }

  /** The settings of an ephemeral secret; null: it says none. */
  private prelude(): string | null {
    const settings = this.order.bound?.settings ?? {};
    const saysMore = Object.keys(settings).some((name) => name !== 'type');
    return saysMore ? sessionUpdateEvent(settings) : null;
  }

  private parts() {
    if (this.models === null) throw new Error('a frame passed before there was an upstream');
    return { conversation: this.conversation, turns: this.turns, models: this.models };
  }

  private pricing(): Pricing {
    // A group's multiplier may have been edited since the session began.
    return { ...this.parts().models.pricing, multiplier: multiplierFor(this.order.identity) };
  }

  /** A model that writes down and has no price of its own costs what the one that answers costs. */
  private transcriptPricing(): Pricing {
    const pricing = this.pricing();
    const model = this.conversation.transcriptionModel;
    if (this.conversation.isTranscription || model === null || this.latestCatalog === null) return pricing;
    const { channel } = pricing;
    const rates = ratesOf({ channel, upstreamModel: model }, model, this.latestCatalog, Date.now());
    return { ...pricing, model, upstreamModel: model, rates: rates ?? pricing.rates };
  }

  private latestCatalog: Catalog | null = null;

  private async catalog(): Promise<Catalog> {
    this.latestCatalog = await this.context.catalog.current(Date.now(), this.context.background);
    return this.latestCatalog;
  }
}

const modelMissing =
  'No model was named: put it in the URL (`?model=`), or in a `session.update` as the first event.';

function relayErrorOf(thrown: unknown): RelayError {
  if (thrown instanceof RelayError) return thrown;
  console.error(
    JSON.stringify({ event: 'realtime-session-failed', stack: String((thrown as Error)?.stack) }),
  );
  return new RelayError('internal_error', 'The relay failed at this session.', { cause: thrown });
}
