// The model that a session talks to, and changes of it: a name inside a frame is checked as one in a URL is. A change
// counts from the upstream's own `session.updated` on.
import { isObject, objectAt, textAt } from '../../formats/json-reader.ts';
import type { JsonObject } from '../../formats/observation.ts';
import { memberText, replaceMember, topLevelMembers } from '../../lib/json-members.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { LedgerClient } from '../../quota/client.ts';
import { isLimited } from '../../quota/policy.ts';
import type { Catalog } from '../../routing/catalog.ts';
import type { Pricing } from '../money.ts';
import { questionOf, type SessionOrder } from '../order.ts';
import { modelsToAllow, pricingAt, type SessionRoute, sessionRoutes, wishesOf } from '../routes.ts';

export class SessionModels {
  pricing: Pricing;
  private wanted: Pricing | null = null;
  /** What the upstream calls its model; null before it has said. */
  private reported: string | null = null;
  private readonly order: SessionOrder;
  private readonly ledgers: Pick<LedgerClient, 'inspect'>;
  private readonly catalog: () => Promise<Catalog>;

  constructor(
    pricing: Pricing,
    order: SessionOrder,
    ledgers: Pick<LedgerClient, 'inspect'>,
    catalog: () => Promise<Catalog>,
  ) {
    this.pricing = pricing;
    this.order = order;
    this.ledgers = ledgers;
    this.catalog = catalog;
  }

  /** The model that a `session.update` names; null: none, or the one that it is already. */
  changeIn(session: JsonObject): string | null {
    const isTranscription = this.order.intent === 'transcription';
    const model = isTranscription ? transcriptionModelIn(session) : textAt(session, 'model');
    const isSame = model === this.pricing.model || model === this.pricing.named;
    return model === undefined || isSame ? null : model;
  }

  /** Checks a model, or all that an alias stands for, against the token and the channel. Throws RelayError: it may not be taken. */
  async take(named: string): Promise<Pricing> {
    const { order } = this;
    if (order.bound !== null)
      throw new RelayError('model_not_allowed', 'This ephemeral key was made for another model.');
    const catalog = await this.catalog();
    const wishes = wishesOf(named, [], catalog);
    const question = questionOf(order, named, modelsToAllow(wishes));
    const inspection = await this.ledgers.inspect(order.identity.tokenId, question);
    if (inspection.outcome === 'refused') throw new RelayError(inspection.code, inspection.message);
    const route = this.hereOf(sessionRoutes(catalog, wishes, order.format, order.identity), named);
    const pricing = pricingAt(route, wishes, catalog, order.identity, Date.now());
    if (pricing.rates === null && isLimited(inspection.policy))
      throw new RelayError(
        'model_price_unset',
        `The model \`${named}\` has no price, and this API key is limited.`,
      );
    this.wanted = pricing;
    return pricing;
  }

  /** What the upstream says of the session. Answers a model that it changed to and nobody asked for; else null. */
  reportedIn(session: JsonObject): string | null {
    const model = textAt(session, 'model') ?? null;
    const before = this.reported;
    this.reported = model ?? before;
    const wanted = this.wanted;
    if (wanted !== null) {
      this.wanted = null;
      // Another update than the one that asked for it: the upstream has refused the change.
      const isRefused = model !== null && model === before && model !== wanted.upstreamModel;
      if (!isRefused) this.pricing = wanted;
      return null;
    }
    return before !== null && model !== null && model !== before && model !== this.pricing.upstreamModel
      ? model
      : null;
  }

  /** The connection is to one channel: a model that it does not serve needs a connection of its own. */
  private hereOf(routes: readonly SessionRoute[], model: string): SessionRoute {
    const here = routes.find(({ channel }) => channel.id === this.pricing.channel.id);
    if (here !== undefined) return here;
    throw new RelayError(
      'model_not_found',
      `The model \`${model}\` is not served on this connection. Open another one for it.`,
    );
  }
}

/** The frame with the upstream's name of the session's model. Else it is as it was, byte for byte. */
export function withUpstreamModel(frame: string, upstreamModel: string): string {
  const session = topLevelMembers(frame).findLast(({ key }) => key === 'session');
  if (session === undefined) return frame;
  const renamed = replaceMember(memberText(frame, session), 'model', JSON.stringify(upstreamModel));
  return frame.slice(0, session.valueStart) + renamed + frame.slice(session.valueEnd);
}

/** The model that a session writes down with. */
export function transcriptionModelIn(session: JsonObject): string | undefined {
  const transcription =
    objectAt(objectAt(objectAt(session, 'audio'), 'input'), 'transcription') ??
    session.input_audio_transcription;
  return isObject(transcription) ? textAt(transcription, 'model') : undefined;
}
