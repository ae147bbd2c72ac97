// The names behind wildcards: what a native provider has in the price table, what another upstream lists.
import { AlarmClock } from '../lib/alarm-clock.ts';
import { matchesAny } from '../lib/wildcard.ts';
import { modelsOf } from '../metering/price.ts';
import { callUpstream } from '../providers/call.ts';
import { providers } from '../providers/registry.ts';
import type { Catalog, ChannelScope, LiveChannel } from './catalog.ts';
import type { KeyRing } from './key-ring.ts';

/** Of upstreams' own lists. */
export const listLimits = { keptForMs: 300_000, waitMs: 5_000, names: 5_000, channels: 200 } as const;

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

  /** The upstream's own list, kept for a while; an upstream that does not answer lists nothing for as long. */
  private async upstreamNames(channel: LiveChannel, nowMs: number): Promise<string[]> {
    const kept = this.kept.get(channel.id);
    if (kept !== undefined && kept.untilMs > nowMs) return kept.names;
    const names = await this.fetchNames(channel).catch(() => kept?.names ?? []);
    if (this.kept.size >= listLimits.channels) this.kept.clear();
    this.kept.set(channel.id, { names, untilMs: nowMs + listLimits.keptForMs });
    return names;
  }

  private async fetchNames(channel: LiveChannel): Promise<string[]> {
    const abort = new AbortController();
    const clock = new AlarmClock();
    clock.after(listLimits.waitMs, () => abort.abort());
    const headers = new Headers(channel.headers);
    const key = await this.keys.keyOf(channel, null);
    if (key.value !== null) providers[channel.provider].authorize(headers, key.value);
    const url = `${(channel.baseUrl ?? '').replace(/\/+$/, '')}/models`;
    try {
      const response = await callUpstream({
        url,
        method: 'GET',
        headers,
        body: null,
        abort,
        clock,
        firstByteMs: listLimits.waitMs,
      });
      const { data } = (await response.json()) as { data?: { id?: unknown }[] };
      const ids = Array.isArray(data) ? data.map(({ id }) => id) : [];
      return ids.filter((id) => typeof id === 'string').slice(0, listLimits.names);
    } finally {
      clock.stop();
    }
  }
}
