// What is served, by whom, at what price: one frozen picture of channels, groups and price overrides. Pure;
// catalog-loader.ts keeps the picture fresh.
import type { Endpoint, TranslationTarget } from '../formats/registry.ts';
import type { Task } from '../formats/wire-format.ts';
import { matches, matchesAny } from '../lib/wildcard.ts';
import type { PriceOverride } from '../metering/price.ts';
import type { Provider } from '../providers/provider.ts';
import { providers } from '../providers/registry.ts';
import type { Channel, Group, ModelAlias } from './channel.ts';

/** A channel as it is used: its keys are sealed (stored channels) or plain (those of the environment). */
export interface LiveChannel extends Channel {
  plainKeys: readonly string[] | null;
  /** Answers only for what no other channel serves. */
  lastResort: boolean;
}

/** A price override of a model name or wildcard. */
export interface OverrideRow {
  model: string;
  price: PriceOverride;
}

export interface CatalogContents {
  channels: readonly LiveChannel[];
  groups: readonly Group[];
  overrides: readonly OverrideRow[];
  aliases: readonly ModelAlias[];
}

/** Whose channels: a token's group, and those that the group is bound to (a token's policy and its identity are this). */
export interface ChannelScope {
  group: string;
  bounds: { channels: readonly string[] };
}

/** One way to serve a request: a channel and what the model is called there. */
export interface Route {
  channel: LiveChannel;
  upstreamModel: string;
  /** What the request must be translated to; null: the channel speaks the caller's format. */
  target: TranslationTarget | null;
  /** Routes of a lower rank come first, whatever their priority: models that are tried in order. Undefined: 0. */
  rank?: number;
  /** The one key that will do (what it made lives with it); undefined: each of them. */
  keyId?: string | null;
}

/** What of an endpoint decides who serves it. */
export type ServedEndpoint = Pick<Endpoint, 'operation' | 'purpose'> & { format: { task: Task } };

/** Routes for an endpoint; or why there are none. */
export type Serving =
  | { outcome: 'served'; routes: Route[] }
  /** Channels serve the model, but not in this format. `operations` of one of them, for the message. */
  | { outcome: 'other-format'; channel: LiveChannel }
  /** Tokens are to be counted for a model whose channels have no such thing in this format. */
  | { outcome: 'uncounted' }
  | { outcome: 'not-served' };

export class Catalog {
  private readonly contents: CatalogContents;

  constructor(contents: CatalogContents) {
    this.contents = contents;
  }

  /** Returns the channels that serve a model at an endpoint to tokens of a group, or why there are none. */
  serving(model: string, endpoint: ServedEndpoint, scope: ChannelScope): Serving {
    const all = this.serve(model, scope);
    const routes = all.flatMap((place) => routeFor(place, endpoint) ?? []);
    if (routes.length > 0) return { outcome: 'served', routes };
    const [other] = all;
    if (other !== undefined && endpoint.purpose === 'count') return { outcome: 'uncounted' };
    return other === undefined
      ? { outcome: 'not-served' }
      : { outcome: 'other-format', channel: other.channel };
  }

  /** Whether a channel serves the model to tokens of a group, in any format. */
  serves(model: string, scope: ChannelScope): boolean {
    return this.serve(model, scope).length > 0;
  }

  /** The enabled channels. */
  get enabled(): LiveChannel[] {
    return this.contents.channels.filter((channel) => channel.enabled);
  }

  /** The enabled channels that tokens of a group may use. */
  channelsFor({ group, bounds: { channels } }: ChannelScope): LiveChannel[] {
    return this.enabled.filter(
      (channel) =>
        (channel.groups.length === 0 || channel.groups.includes(group)) &&
        (channels.length === 0 || channels.includes(channel.id)),
    );
  }

  channel(id: string): LiveChannel | null {
    return this.contents.channels.find((channel) => channel.id === id) ?? null;
  }

  /** null: none that was known when the picture was taken. */
  group(name: string): Group | null {
    return this.contents.groups.find((group) => group.name === name) ?? null;
  }

  /** The models that an alias stands for; null: it is none. */
  alias(name: string): readonly string[] | null {
    return this.contents.aliases.find((alias) => alias.name === name)?.models ?? null;
  }

  get aliases(): readonly ModelAlias[] {
    return this.contents.aliases;
  }

  /** The override for a requested name: its own, else the longest wildcard that fits. */
  override(model: string): PriceOverride | null {
    const fitting = this.contents.overrides.filter((row) => matches(row.model, model));
    const exact = fitting.find((row) => row.model === model);
    if (exact !== undefined) return exact.price;
    return fitting.sort((one, other) => other.model.length - one.model.length)[0]?.price ?? null;
  }

  /** The override that names an alias itself, not by a wildcard. */
  overrideOfAlias(name: string): PriceOverride | null {
    return this.contents.overrides.find((row) => row.model === name)?.price ?? null;
  }

  /** Whether a channel names the model itself, not by a wildcard. */
  names(model: string): boolean {
    return this.contents.channels.some(
      ({ models, modelMap }) => models.includes(model) || Object.hasOwn(modelMap, model),
    );
  }

  private serve(model: string, scope: ChannelScope): Place[] {
    if (goesUp(model)) return [];
    const routes = this.channelsFor(scope)
      .filter((channel) => matchesAny(channel.models, model) || Object.hasOwn(channel.modelMap, model))
      .map((channel) => ({ channel, upstreamModel: upstreamNameOf(channel, model) }));
    const proper = routes.filter(({ channel }) => !channel.lastResort);
    return proper.length > 0 ? proper : routes;
  }
}

/** A channel that has the model, whatever it speaks. */
type Place = Pick<Route, 'channel' | 'upstreamModel'>;

/** Null: the channel can neither do the operation nor be translated to. */
function routeFor(place: Place, endpoint: ServedEndpoint): Route | null {
  const provider = providers[place.channel.provider];
  if (provider.operations(place.channel, place.upstreamModel).has(endpoint.operation))
    return { ...place, target: null };
  const target = targetOf(provider, place, endpoint);
  return target === null ? null : { ...place, target };
}

function targetOf(
  { talks, embeds }: Provider,
  { channel, upstreamModel }: Place,
  { purpose, format }: ServedEndpoint,
): TranslationTarget | null {
  if (purpose !== 'answer') return null;
  switch (format.task) {
    case 'embeddings':
      return embeds && { type: 'embeddings', format: embeds };
    case 'conversation': {
      const target = talks(upstreamModel, channel);
      return target && { type: 'conversation', format: target };
    }
    default:
      return null;
  }
}

/**
 * Whether a name that becomes part of an address would name another place there: URLs leave out `.` and `..` however
 * they are written (https://url.spec.whatwg.org/#double-dot-url-path-segment, 2026-11), so that `cheap/../dear` is `dear`.
 */
function goesUp(model: string): boolean {
  return /(^|\/)\.{1,2}(\/|$)/.test(model);
}

/** What a model is called at a channel. A name is the caller's text: `constructor` is in no map. */
export function upstreamNameOf({ modelMap }: LiveChannel, model: string): string {
  return (Object.hasOwn(modelMap, model) ? modelMap[model] : undefined) ?? model;
}
