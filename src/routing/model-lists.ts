// The names behind wildcards: a native provider's names from the price table, another upstream's own list.
import { DeadlineTimer } from '../lib/deadline-timer.ts';
import { matchesAny } from '../lib/wildcard.ts';
import { exchange } from '../providers/exchange.ts';
import type { ModelListing } from '../providers/model-listing.ts';
import { baseUrlOf, type UpstreamTarget } from '../providers/provider.ts';
import type { ProviderName } from '../providers/provider-name.ts';
import { providers } from '../providers/registry.ts';
import type { Catalog, ChannelScope, LiveChannel } from './catalog.ts';
import type { KeyRing } from './key-ring.ts';

/** Limits of upstreams' own lists. `pages` and `names` bound one list. */
export const listLimits = {
  keptForMs: 300_000,
  waitMs: 5_000,
  discoverMs: 20_000,
  names: 5_000,
  pages: 20,
  channels: 200,
  /** A page of the dashboard waits this long for an upstream's list. The reading then goes on beside it. */
  pageWaitMs: 400,
  /** Keys of a channel that are tried in turn while they are refused. */
  keys: 3,
  errorCharacters: 1_000,
} as const;

/** Providers whose model names differ from those in the price table. */
const listedByUpstream: ReadonlySet<ProviderName> = new Set<ProviderName>(['openai-compatible', 'bedrock']);

/** A list is not an operation of any format. */
const listTarget = {
  operation: 'chat-completions',
  model: '',
  suffix: '',
  search: '',
  streams: false,
} as const satisfies Partial<UpstreamTarget>;

interface Kept {
  names: string[];
  untilMs: number;
}

export class ModelLists {
  private readonly kept = new Map<string, Kept>();
  private readonly keys: KeyRing;

  constructor(keys: KeyRing) {
    this.keys = keys;
  }

  /** Returns every model name that tokens of a group can request. Unsorted, and may repeat names. */
  async namesServed(catalog: Catalog, scope: ChannelScope, nowMs: number): Promise<string[]> {
    const channels = catalog.channelsFor(scope);
    const lists = await Promise.all(channels.map((channel) => this.namesOf(channel, nowMs)));
    return lists.flat();
  }

  /**
   * Returns the names that channels serve, for a page: without those of an upstream that has not answered in
   * `pageWaitMs`. `background` lets its reading go on, so that the next page has them.
   */
  async namesWithin(
    channels: readonly LiveChannel[],
    nowMs: number,
    background: (work: Promise<unknown>) => void,
  ): Promise<string[]> {
    const lists = channels.map((channel) => this.namesOf(channel, nowMs));
    background(Promise.allSettled(lists));
    const late = scheduler.wait(listLimits.pageWaitMs).then(() => null);
    const names = await Promise.all(
      lists.map(async (list, index) => (await Promise.race([list, late])) ?? exactNames(channels[index])),
    );
    return names.flat();
  }

  /** Returns the names that one channel serves. */
  async namesOf(channel: LiveChannel, nowMs: number): Promise<string[]> {
    const exact = exactNames(channel);
    const wildcards = channel.models.filter((name) => name.includes('*'));
    if (wildcards.length === 0) return exact;
    const all = listedByUpstream.has(channel.provider)
      ? await this.upstreamNames(channel, nowMs)
      : await (await import('../models/listed-names.ts')).listedNames(channel.provider, nowMs);
    return [...exact, ...all.filter((name) => matchesAny(wildcards, name))];
  }

  /**
   * Reads the upstream's own list now. Throws an error for the operator when it cannot be read. Returns null if
   * this kind of upstream has no list.
   */
  async discover(channel: LiveChannel): Promise<string[] | null> {
    const { models } = providers[channel.provider];
    return models && this.fetchNames(channel, models, listLimits.discoverMs);
  }

  /**
   * Returns the upstream's own list, cached for a while. If the upstream does not answer, an empty list is
   * cached for the same time.
   */
  private async upstreamNames(channel: LiveChannel, nowMs: number): Promise<string[]> {
    const kept = this.kept.get(channel.id);
    if (kept !== undefined && kept.untilMs > nowMs) return kept.names;
    const { models } = providers[channel.provider];
    const reading = models === null ? [] : this.fetchNames(channel, models, listLimits.waitMs);
    const names = await Promise.resolve(reading).catch(() => kept?.names ?? []);
    if (this.kept.size >= listLimits.channels) this.kept.clear();
    this.kept.set(channel.id, { names, untilMs: nowMs + listLimits.keptForMs });
    return names;
  }

  /** Reads the list with the first key that is accepted. Throws the error of the last one. */
  private async fetchNames(channel: LiveChannel, listing: ModelListing, waitMs: number): Promise<string[]> {
    const [first = null, ...others] = channel.keys.slice(0, listLimits.keys).map(({ id }) => id);
    let reading = this.namesBy(first, channel, listing, waitMs);
    for (const id of others)
      reading = reading.catch((error) => {
        if (error instanceof RefusedKey) return this.namesBy(id, channel, listing, waitMs);
        throw error;
      });
    return reading;
  }

  private async namesBy(
    keyId: string | null,
    channel: LiveChannel,
    listing: ModelListing,
    waitMs: number,
  ): Promise<string[]> {
    const provider = providers[channel.provider];
    const { value: key } = await this.keys.keyOf(channel, keyId);
    const target = {
      ...listTarget,
      baseUrl: baseUrlOf(provider, channel.baseUrl),
      settings: channel.settings,
      key,
    };
    const abort = new AbortController();
    const clock = new DeadlineTimer();
    clock.after(waitMs, () => abort.abort());
    try {
      const names: string[] = [];
      let after: string | null = null;
      for (let pages = 0; pages < listLimits.pages && names.length < listLimits.names; pages++) {
        const request = {
          url: listing.url(target, after),
          method: 'GET',
          headers: new Headers(channel.headers),
          body: null,
          abort,
          clock,
          firstByteMs: waitMs,
        };
        const surroundings = { sendToAi: null, runOn: () => undefined };
        const page = listing.read(await pageOf(exchange(provider, request, target, surroundings)), after);
        names.push(...page.names);
        // A list that never ends names the same page again.
        if (page.next === null || page.next === after) break;
        after = page.next;
      }
      return names.slice(0, listLimits.names);
    } finally {
      clock.stop();
    }
  }
}

async function pageOf(answering: Promise<Response>): Promise<unknown> {
  const response = await answering;
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  const words = `the upstream answered ${response.status}: ${text.slice(0, listLimits.errorCharacters)}`;
  throw [401, 402, 403].includes(response.status) ? new RefusedKey(words) : new Error(words);
}

/** Returns the names that a channel's settings spell out. */
function exactNames(channel: LiveChannel | undefined): string[] {
  if (channel === undefined) return [];
  return [...channel.models, ...Object.keys(channel.modelMap)].filter((name) => !name.includes('*'));
}

/** Another key of the channel may be accepted. */
class RefusedKey extends Error {}
