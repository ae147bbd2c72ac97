// Gemini's Live API as a dialect: the model is in the client's first message, and there are no words for errors: whatever
// cannot go on is closed. https://ai.google.dev/api/live (2026-11)
import { RelayError } from '../../lib/relay-error.ts';
import { baseUrlOf } from '../../providers/provider.ts';
import { providers } from '../../providers/registry.ts';
import type { Route } from '../../routing/catalog.ts';
import type { Closing } from '../close-codes.ts';
import type { Dialect, DialectContext } from '../dialect.ts';
import type { Frame, Verdict } from '../frames.ts';
import type { Pricing } from '../money.ts';
import type { SessionOrder } from '../order.ts';
import { multiplierFor } from '../routes.ts';
import { checkFrame, modelOfSetup } from './client-frames.ts';
import { LiveConversation } from './conversation.ts';
import { readFrame } from './frames.ts';
import { LiveTurns } from './turns.ts';
import { observeFrame } from './upstream-frames.ts';

/** Google's close reasons for a wrong key or an account without quota (1007, 1008 and 1011 seen). */
const relaysOwnFault = /api[ _]?key|exceeded your current quota|billing|permission.denied/i;

export class GeminiDialect implements Dialect {
  readonly turns: LiveTurns;
  private readonly context: DialectContext;
  private readonly conversation = new LiveConversation();
  private isFirst = true;
  private place: Pricing | null = null;

  constructor(context: DialectContext) {
    this.context = context;
    const { money, fail, background } = context;
    const pricing = () => this.currentPricing();
    this.turns = new LiveTurns({ conversation: this.conversation, money, pricing, fail, background });
  }

  get pricing(): Pricing | null {
    return this.place;
  }

  get chosen(): Pricing | null {
    return this.place;
  }

  connected(pricing: Pricing): void {
    this.place = pricing;
  }

  modelIn(first: Frame | null): string {
    const facts = first === null ? null : readFrame(first);
    const model = facts?.outcome === 'message' ? modelOfSetup(facts.message) : undefined;
    if (model !== undefined) return model;
    throw new RelayError('invalid_request', 'The first message must be `setup`, and name a model.');
  }

  url(route: Route): string {
    return liveUrl(route, this.context.order);
  }

  prelude(): null {
    return null;
  }

  checkFrame(frame: Frame): Verdict | Promise<Verdict> {
    const { conversation, turns, isFirst } = this;
    this.isFirst = false;
    return checkFrame(frame, isFirst, { conversation, turns, pricing: () => this.currentPricing() });
  }

  observeFrame(frame: Frame): void {
    observeFrame(frame, this.turns);
  }

  errorEvent(): null {
    return null;
  }

  expiredEvent(): null {
    return null;
  }

  refusesRelay({ reason }: Closing): boolean {
    return relaysOwnFault.test(reason);
  }

  /** Google closes. */
  refusalIn(): null {
    return null;
  }

  private currentPricing(): Pricing {
    if (this.place === null) throw new Error('a frame passed before there was an upstream');
    // A group's multiplier may have been edited since the session began.
    return { ...this.place, multiplier: multiplierFor(this.context.order.identity) };
  }
}

/**
 * For `fetch` (http, https). The key goes in the header `x-goog-api-key`, as Google's Python SDK sends it, and not in the
 * query, which is what gets into logs. https://ai.google.dev/api/live (2026-11)
 */
function liveUrl({ channel }: Route, { endpoint }: SessionOrder): string {
  const baseUrl = baseUrlOf(providers[channel.provider], channel.baseUrl);
  return baseUrl.replace(/\/v1(beta|alpha)?$/, '') + endpoint;
}
