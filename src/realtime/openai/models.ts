// The model that a session talks to, and changes of it: a name inside a frame is checked as one in a URL is. A change
// counts from the upstream's own `session.updated` on.
import { policyQuestion } from '../../admission/admission-request.ts';
import { isObject, objectAt, textAt } from '../../formats/json-reader.ts';
import { isModelName, modelNameRule } from '../../formats/request-checks.ts';
import type { JsonObject } from '../../lib/json.ts';
import { memberText, replaceMember, topLevelMembers } from '../../lib/json-members.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { LedgerClient } from '../../quota/client.ts';
import { isLimited } from '../../quota/policy.ts';
import type { PolicyQuestion } from '../../quota/records.ts';
import type { Catalog } from '../../routing/catalog.ts';
import type { TokenPolicy } from '../../tokens/token.ts';
import type { Pricing } from '../money.ts';
import type { SessionOrder } from '../order.ts';
import { modelsToAllow, pricingAt, type SessionRoute, sessionCandidates, sessionRoutes } from '../routes.ts';

export class SessionModels {
  pricing: Pricing;
  /** Changes that were passed on and that the upstream has not confirmed, in order. */
  private readonly wanted: { pricing: Pricing; eventId: string | null }[] = [];
  /** Whether the caller has named it; a transcription session may begin without. */
  private isNamed: boolean;
  /** The model that the caller may use for transcription besides the answers. */
  private transcriber: string | undefined;
  /** The upstream's own name of its model, or null until it is known. */
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
    this.isNamed = order.model !== null || order.intent === 'conversation';
  }

  /** The pricing of the model that answers now, if the caller has named it. */
  get chosen(): Pricing | null {
    return this.isNamed ? this.pricing : null;
  }

  /** The pricing of the model that will answer when the upstream has read all that the client sent. */
  get coming(): Pricing {
    return this.wanted.at(-1)?.pricing ?? this.pricing;
  }

  /** Returns the model that a `session.update` changes to, or null. */
  changeIn(session: JsonObject): string | null {
    const model = this.modelIn(session);
    const { coming, isNamed } = this;
    const isSame = isNamed && (model === coming.model || model === coming.named);
    return model === undefined || isSame ? null : model;
  }

  /** Returns the transcription model that a conversation's `session.update` changes to, or null. */
  transcriberIn(session: JsonObject): string | null {
    if (this.order.intent === 'transcription') return null;
    const model = transcriptionModelIn(session);
    return model === undefined || model === this.transcriber ? null : model;
  }

  /** Checks such a model against the token. Throws RelayError if it may not be used. */
  async takeTranscriber(model: string): Promise<void> {
    if (!isModelName(model))
      throw new RelayError('invalid_request', `The transcription must name ${modelNameRule}.`);
    await this.inspect(policyQuestion(this.order, { model, models: null }));
    this.transcriber = model;
  }

  private async inspect(question: PolicyQuestion): Promise<TokenPolicy> {
    const inspection = await this.ledgers.inspect(this.order.identity.tokenId, question);
    if (inspection.outcome === 'refused') throw new RelayError(inspection.code, inspection.message);
    return inspection.policy;
  }

  /** Checks a model, or all models of an alias, against the token and the channel. Throws RelayError if it may not be used. */
  async take(named: string, eventId: string | null = null): Promise<Pricing> {
    const { order } = this;
    if (order.bound !== null && order.model !== null)
      throw new RelayError('model_not_allowed', 'This ephemeral key was made for another model.');
    const catalog = await this.catalog();
    const candidates = sessionCandidates(named, [], catalog);
    const policy = await this.inspect(
      policyQuestion(order, { model: named, models: modelsToAllow(candidates) }),
    );
    const route = this.hereOf(sessionRoutes(catalog, candidates, order.format, order.identity), named);
    const pricing = pricingAt(route, candidates, catalog, order.identity, Date.now());
    if (pricing.rates === null && isLimited(policy))
      throw new RelayError(
        'model_price_unset',
        `The model \`${named}\` has no price, and this API key is limited.`,
      );
    this.wanted.push({ pricing, eventId });
    this.isNamed = true;
    return pricing;
  }

  /** The upstream's `error`: a change that it refuses does not come. */
  refused(event: JsonObject): void {
    const error = objectAt(event, 'error');
    const eventId = textAt(error, 'event_id');
    const isOfSession = /^session\b/.test(textAt(error, 'param') ?? '');
    const index = this.wanted.findIndex((wanted) =>
      eventId === undefined ? isOfSession : wanted.eventId === eventId,
    );
    if (index >= 0) this.wanted.splice(index, 1);
  }

  /** Reads the upstream's view of the session. Returns a model that it changed to without a request, or null. */
  reportedIn(session: JsonObject): string | null {
    const model = this.modelIn(session) ?? null;
    const before = this.reported;
    this.reported = model ?? before;
    const answered = this.answeredBy(model, before);
    const change = this.wanted.splice(0, answered + 1).at(-1);
    if (change !== undefined) {
      this.pricing = change.pricing;
      return null;
    }
    const isNews = before !== null && model !== before;
    return isNews && model !== this.pricing.upstreamModel ? model : null;
  }

  private modelIn(session: JsonObject): string | undefined {
    return this.order.intent === 'transcription' ? transcriptionModelIn(session) : textAt(session, 'model');
  }

  /** Returns the index of the pending change that the upstream confirms, or -1. */
  private answeredBy(model: string | null, before: string | null): number {
    const isOf = ({ pricing }: { pricing: Pricing }) => pricing.upstreamModel === model;
    if (model === null) return 0;
    if (model === before) return this.wanted.slice(0, 1).some(isOf) ? 0 : -1;
    const named = this.wanted.findIndex(isOf);
    // It may say the name with a date; but its first word is of the model that the session was opened with.
    return named < 0 && before !== null ? 0 : named;
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

/** Likewise of the model that a transcription session writes down with, in the words of GA and of the beta. */
export function withUpstreamTranscriber(frame: string, upstreamModel: string): string {
  const value = JSON.stringify(upstreamModel);
  const renamed = withValueAt(frame, ['session', 'audio', 'input', 'transcription', 'model'], value);
  return withValueAt(renamed, ['session', 'input_audio_transcription', 'model'], value);
}

/** Returns the text with another value at the end of a path of members, or unchanged if the path does not exist. */
function withValueAt(text: string, [key = '', ...rest]: readonly string[], value: string): string {
  const member = topLevelMembers(text).findLast((one) => one.key === key);
  if (member === undefined) return text;
  if (rest.length === 0) return replaceMember(text, key, value);
  const inner = memberText(text, member);
  if (!inner.startsWith('{')) return text;
  return text.slice(0, member.valueStart) + withValueAt(inner, rest, value) + text.slice(member.valueEnd);
}

/** The model that a session writes down with. */
export function transcriptionModelIn(session: JsonObject): string | undefined {
  const transcription =
    objectAt(objectAt(objectAt(session, 'audio'), 'input'), 'transcription') ??
    session.input_audio_transcription;
  return isObject(transcription) ? textAt(transcription, 'model') : undefined;
}
