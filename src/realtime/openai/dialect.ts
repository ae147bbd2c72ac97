// OpenAI's Realtime API as a dialect: puts its conversation, its turns and its models together.
// https://platform.openai.com/docs/api-reference/realtime (2026-11)
import { objectAt, textAt } from '../../formats/json-reader.ts';
import { RelayError } from '../../lib/relay-error.ts';
import { baseUrlOf } from '../../providers/provider.ts';
import { providers } from '../../providers/registry.ts';
import type { Catalog, Route } from '../../routing/catalog.ts';
import { ratesOf } from '../../routing/route-rates.ts';
import type { Closing } from '../close-codes.ts';
import type { Dialect, DialectContext } from '../dialect.ts';
import type { Frame, Verdict } from '../frames.ts';
import type { Pricing } from '../money.ts';
import type { SessionOrder } from '../order.ts';
import { multiplierFor, refusalOfResources } from '../routes.ts';
import { checkFrame } from './client-frames.ts';
import { Conversation } from './conversation.ts';
import { cancelEvent, errorEvent, sessionExpiredEvent, sessionUpdateEvent } from './error-event.ts';
import { readFrame } from './events.ts';
import { SessionModels, transcriptionModelIn, withUpstreamTranscriber } from './models.ts';
import { Turns } from './turns.ts';
import { observeFrame } from './upstream-frames.ts';

/**
 * OpenAI opens a socket for a wrong key too, says so in an `error` event, and closes with 3000 and its type and code.
 * https://github.com/twilio-samples/speech-assistant-openai-realtime-api-python/issues/4 (2024-10)
 */
const relaysOwnFault =
  /\.(invalid_api_key|insufficient_quota|billing_hard_limit_reached|account_deactivated)$/;

export class OpenaiDialect implements Dialect {
  readonly turns: Turns;
  private readonly context: DialectContext;
  private readonly conversation: Conversation;
  private models: SessionModels | null = null;
  private latestCatalog: Catalog | null = null;

  constructor(context: DialectContext) {
    this.context = context;
    const { order, money } = context;
    this.conversation = new Conversation(order.intent === 'transcription');
    this.conversation.applySession(order.bound?.settings ?? {});
    this.conversation.addSettings(order.bound?.settings ?? {});
    this.turns = new Turns({
      conversation: this.conversation,
      money,
      pricing: () => this.multiplied(this.parts().models.pricing),
      comingPricing: () => this.multiplied(this.parts().models.coming),
      transcriptPricing: () => this.transcriptPricing(this.parts().models.pricing),
      comingTranscriptPricing: () => this.transcriptPricing(this.parts().models.coming),
      refuse: (responseId, error) => {
        context.sendUpstream(cancelEvent(responseId));
        context.sendClient(errorEvent(error));
      },
    });
  }

  get pricing(): Pricing | null {
    return this.models?.pricing ?? null;
  }

  get chosen(): Pricing | null {
    return this.models?.chosen ?? null;
  }

  connected(pricing: Pricing, catalog: Catalog): void {
    const { order, ledgers } = this.context;
    this.models ??= new SessionModels(pricing, order, ledgers, () => this.catalog());
    this.models.pricing = pricing;
    this.latestCatalog = catalog;
  }

  modelIn(first: Frame | null): string {
    const facts = first === null ? null : readFrame(first);
    const event = facts?.outcome === 'event' ? facts.event : undefined;
    const model = textAt(objectAt(event, 'session'), 'model');
    if (model !== undefined) return model;
    const message =
      'No model was named: put it in the URL (`?model=`), or in a `session.update` as the first event.';
    throw new RelayError('invalid_request', message, { param: 'model' });
  }

  url(route: Route): string {
    return realtimeUrl(route, this.context.order);
  }

  /** The settings of an ephemeral secret. */
  prelude(): string | null {
    const settings = this.context.order.bound?.settings ?? {};
    const saysMore = Object.keys(settings).some((name) => name !== 'type');
    if (!saysMore) return null;
    const update = sessionUpdateEvent(settings);
    const { upstreamModel, channel } = this.parts().models.pricing;
    const refusal = refusalOfResources(settings, channel);
    if (refusal !== null) {
      this.context.fail(refusal);
      return null;
    }
    return this.conversation.isTranscription && transcriptionModelIn(settings) !== undefined
      ? withUpstreamTranscriber(update, upstreamModel)
      : update;
  }

  checkFrame(frame: Frame): Verdict | Promise<Verdict> {
    return checkFrame(frame, this.parts());
  }

  observeFrame(frame: Frame): void {
    const { background } = this.context;
    const modelChanged = (model: string) => background(this.checkChanged(model));
    observeFrame(frame, { ...this.parts(), modelChanged, background });
  }

  errorEvent(error: RelayError): string {
    return errorEvent(error);
  }

  expiredEvent(): string {
    return sessionExpiredEvent();
  }

  refusesRelay({ reason }: Closing): boolean {
    return relaysOwnFault.test(reason);
  }

  refusalIn(first: Frame): Closing | null {
    const facts = readFrame(first);
    if (facts.outcome !== 'event' || facts.type !== 'error') return null;
    const error = objectAt(facts.event, 'error');
    const closing = { code: 3000, reason: `${textAt(error, 'type')}.${textAt(error, 'code')}` };
    return this.refusesRelay(closing) ? closing : null;
  }

  /** A model that the check of frames missed is caught by the upstream's own event. */
  private async checkChanged(model: string): Promise<void> {
    try {
      await this.models?.take(model);
      this.models?.reportedIn({ model });
    } catch (thrown) {
      this.context.fail(thrown);
    }
  }

  private parts() {
    if (this.models === null) throw new Error('a frame passed before there was an upstream');
    return { conversation: this.conversation, turns: this.turns, models: this.models };
  }

  /** A group's multiplier may have been edited since the session began. */
  private multiplied(pricing: Pricing): Pricing {
    return { ...pricing, multiplier: multiplierFor(this.context.order.identity) };
  }

  /** A model that writes down and has no price of its own costs what the one that answers costs. */
  private transcriptPricing(answering: Pricing): Pricing {
    const pricing = this.multiplied(answering);
    const model = this.conversation.transcriptionModel;
    if (this.conversation.isTranscription || model === null || this.latestCatalog === null) return pricing;
    const { channel } = pricing;
    const rates = ratesOf({ channel, upstreamModel: model }, model, this.latestCatalog, Date.now());
    return { ...pricing, named: model, model, upstreamModel: model, rates: rates ?? pricing.rates };
  }

  private async catalog(): Promise<Catalog> {
    this.latestCatalog = await this.context.catalog();
    return this.latestCatalog;
  }
}

/**
 * For `fetch` (http, https). Azure's older surface has the deployment in the query:
 * https://learn.microsoft.com/azure/ai-services/openai/how-to/realtime-audio-websockets (2026-11).
 */
function realtimeUrl({ channel, upstreamModel }: Route, { intent }: SessionOrder): string {
  const provider = providers[channel.provider];
  const baseUrl = baseUrlOf(provider, channel.baseUrl);
  // Of the caller's query, only the model and the intent are sent on.
  const query = new URLSearchParams();
  if (intent === 'transcription') query.set('intent', 'transcription');
  const version = channel.provider === 'azure' ? new URL(baseUrl).searchParams.get('api-version') : null;
  if (version !== null) return azureUrl(baseUrl, version, upstreamModel, query);
  if (intent === 'conversation') query.set('model', upstreamModel);
  return provider.url({
    baseUrl,
    operation: 'realtime',
    model: upstreamModel,
    suffix: '',
    search: `?${query}`,
    streams: false,
    settings: channel.settings,
    key: null,
  });
}

function azureUrl(baseUrl: string, version: string, deployment: string, query: URLSearchParams): string {
  const { origin, pathname } = new URL(baseUrl);
  query.set('api-version', version);
  query.set('deployment', deployment);
  return `${origin}${pathname.replace(/\/(openai\/?)?$/, '')}/openai/realtime?${query}`;
}
