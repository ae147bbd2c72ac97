// The names behind wildcards: what a native provider has in the price table, what another upstream lists.
import { AlarmClock } from '../lib/alarm-clock.ts';
import { matchesAny } from '../lib/wildcard.ts';
import { modelsOf } from '../metering/price.ts';
import { callUpstream } from '../providers/call.ts';
import type { ModelListing } from '../providers/model-listing.ts';
import { providers } from '../providers/registry.ts';
import type { Catalog, ChannelScope, LiveChannel } from './catalog.ts';
import type { KeyRing } from './key-ring.ts';

/** Of upstreams' own lists. `pages` and `names` bound one list. */
export const listLimits = {
  keptForMs: 300_000,
  waitMs: 5_000,
  discoverMs: 20_000,
  names: 5_000,
  pages: 20,
  channels: 200,
  errorCharacters: 1_000,
} as const;

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

  /** Every model name that tokens of a group can call by name; unsorted, may repeat. */
  async namesServed(catalog: Catalog, scope: ChannelScope, nowMs: number): Promise<string[]> {
    const channels = catalog.channelsFor(scope);
    const lists = await Promise.all(channels.map((channel) => this.namesOf(channel, nowMs)));
    return lists.flat();
  }

  /** The names that one channel serves. */
  async namesOf(channel: LiveChannel, nowMs: number): Promise<string[]> {
    const exact = [...channel.models, ...Object.keys(channel.modelMap)].filter((name) => !name.includes('*'));
    const wildcards = channel.models.filter((name) => name.includes('*'));
    if (wildcards.length === 0) return exact;
    const all =
      channel.provider === 'openai-compatible'
        ? await this.upstreamNames(channel, nowMs)
        : modelsOf(channel.provider);
    return [...exact, ...all.filter((name) => matchesAny(wildcards, name))];
  }

  /**
   * The upstream's own list, read now. Throws, in words for the operator, what keeps it from being read. null: this
   * kind of upstream has no such list.
   */
  async discover(channel: LiveChannel): Promise<string[] | null> {
    const { models } = providers[channel.provider];
    return models && this.fetchNames(channel, models, listLimits.discoverMs);
  }

  /** The upstream's own list, kept for a while; an upstream that does not answer lists nothing for as long. */
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

  private async fetchNames(channel: LiveChannel, listing: ModelListing, waitMs: number): Promise<string[]> {
    const { defaultBaseUrl, authorize } = providers[channel.provider];
    const baseUrl = (channel.baseUrl ?? defaultBaseUrl ?? '').replace(/\/+$/, '');
    const headers = new Headers(channel.headers);
    if (channel.provider === 'anthropic') headers.set('anthropic-version', '2023-06-01');
    const key = await this.keys.keyOf(channel, null);
    if (key.value !== null) authorize(headers, key.value);
    const abort = new AbortController();
    const clock = new AlarmClock();
    clock.after(waitMs, () => abort.abort());
    const common = { method: 'GET', headers, body: null, abort, clock, firstByteMs: waitMs };
    try {
      const names: string[] = [];
      let after: string | null = null;
      for (let pages = 0; pages < listLimits.pages && names.length < listLimits.names; pages++) {
        const page = listing.read(await pageAt({ ...common, url: listing.url(baseUrl, after) }));
        names.push(...page.names);
        // A list that never ends by itself names the same page again.
        if (page.next === null || page.next === after) break;
        after = page.next;
      }
      return names.slice(0, listLimits.names);
    } finally {
      clock.stop();
    }
  }
}

async function pageAt(call: Parameters<typeof callUpstream>[0]): Promise<unknown> {
  const response = await callUpstream(call);
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  throw new Error(`the upstream answered ${response.status}: ${text.slice(0, listLimits.errorCharacters)}`);
}
