// A frozen snapshot of channels, groups, aliases, and price overrides: which channels serve which model, at what
// price. Pure; catalog-loader.ts keeps it fresh.
import type { Endpoint, TranslationTarget } from '../formats/registry.ts';
import type { Task } from '../formats/wire-format.ts';
import { matches, matchesAny } from '../lib/wildcard.ts';
import type { PriceOverride } from '../metering/price.ts';
import type { ModelOverride } from '../models/model-override.ts';
import type { Provider } from '../providers/provider.ts';
import { providers } from '../providers/registry.ts';
import type { Channel, Group, ModelAlias } from './channel.ts';

/** A channel in use: its keys are sealed (stored channels) or plain (channels of the environment). */
export interface LiveChannel extends Channel {
  plainKeys: readonly string[] | null;
  /** Serves only models that no other channel serves. */
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
  /** What the operator says about models, by name. Absent: nothing. */
  models?: ReadonlyMap<string, ModelOverride>;
}

/**
 * What decides which channels a token may use: its group, and the channels that the group is limited to. A
 * token's policy and its identity have these fields.
 */
export interface ChannelScope {
  group: string;
  bounds: { channels: readonly string[] };
}

/** One way to serve a request: a channel, and the model's name there. */
export interface Route {
  channel: LiveChannel;
  upstreamModel: string;
  /** The format to translate the request to. Null: the channel speaks the caller's format. */
  translateTo: TranslationTarget | null;
  /** Routes of a lower rank come first, whatever their priority: models that are tried in order. Undefined: 0. */
  rank?: number;
  /** The only key that can be used (a resource lives with it). Undefined: every key can. */
  keyId?: string | null;
}

/** The parts of an endpoint that decide which channels serve it. */
export type ServedEndpoint = Pick<Endpoint, 'operation' | 'purpose'> & { format: { task: Task } };

/** Routes for an endpoint, or why there are none. */
export type Serving =
  | { outcome: 'served'; routes: Route[] }
  /** Channels serve the model, but not in this format. `operations` of one of them, for the message. */
  | { outcome: 'other-format'; channel: LiveChannel }
  /** Token counting for a model whose channels cannot count in this format. */
  | { outcome: 'uncounted' }
  | { outcome: 'not-served' };

/** Models that a snapshot remembers the channels and the price of: its tokens ask for the same few again and again. */
export const rememberedModels = 1_000;

export class Catalog {
  private readonly contents: CatalogContents;
  private readonly servingChannels = new Map<string, readonly ServingChannel[]>();
  private readonly overrides = new Map<string, PriceOverride | null>();

  constructor(contents: CatalogContents) {
    this.contents = contents;
  }

  /** Returns the routes that serve `operation` for a model to tokens of a group. */
  serving(model: string, endpoint: ServedEndpoint, scope: ChannelScope): Serving {
    const all = this.serve(model, scope);
    const routes = all.flatMap((serving) => routeFor(serving, endpoint) ?? []);
    if (routes.length > 0) return { outcome: 'served', routes };
    const [other] = all;
    if (other !== undefined && endpoint.purpose === 'count') return { outcome: 'uncounted' };
    return other === undefined
      ? { outcome: 'not-served' }
      : { outcome: 'other-format', channel: other.channel };
  }

  /** Returns whether a channel serves the model to tokens of a group, in any format. */
  serves(model: string, scope: ChannelScope): boolean {
    return this.serve(model, scope).length > 0;
  }

  /** Returns the enabled channels. */
  get enabled(): LiveChannel[] {
    return this.contents.channels.filter((channel) => channel.enabled);
  }

  /** Returns the enabled channels that tokens of a group may use. */
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

  /** Returns null if no such channel was known when the snapshot was taken. */
  group(name: string): Group | null {
    return this.contents.groups.find((group) => group.name === name) ?? null;
  }

  /** Returns the models that an alias stands for, or null if the name is not an alias. */
  alias(name: string): readonly string[] | null {
    return this.contents.aliases.find((alias) => alias.name === name)?.models ?? null;
  }

  /** Returns the model that a listed name stands for: of an alias the first member that is served, else the first. */
  listedModel(name: string, scope: ChannelScope | null): string {
    const members = this.alias(name);
    const served = members?.find((model) => this.servingInOrder(model, scope).length > 0);
    return served ?? members?.[0] ?? name;
  }

  get aliases(): readonly ModelAlias[] {
    return this.contents.aliases;
  }

  /** Returns the override for a requested name: its own, else the longest matching wildcard. */
  override(model: string): PriceOverride | null {
    return remembered(this.overrides, model, () => this.findOverride(model));
  }

  private findOverride(model: string): PriceOverride | null {
    const fitting = this.contents.overrides.filter((row) => matches(row.model, model));
    const exact = fitting.find((row) => row.model === model);
    if (exact !== undefined) return exact.price;
    return fitting.sort((one, other) => other.model.length - one.model.length)[0]?.price ?? null;
  }

  /** Returns what the operator says about a model. */
  modelOverride(model: string): ModelOverride | undefined {
    return this.contents.models?.get(model);
  }

  /** Returns the override that names an alias exactly, not by a wildcard. */
  overrideOfAlias(name: string): PriceOverride | null {
    return this.contents.overrides.find((row) => row.model === name)?.price ?? null;
  }

  /** Returns whether a channel names the model exactly, not by a wildcard. */
  names(model: string): boolean {
    return this.contents.channels.some(
      ({ models, modelMap }) => models.includes(model) || Object.hasOwn(modelMap, model),
    );
  }

  /**
   * Returns the channels that serve a model in the order in which they are tried, those of equal priority by their
   * weight. `scope` null: to any token.
   */
  servingInOrder(model: string, scope: ChannelScope | null): ServingChannel[] {
    const serving = scope === null ? servingOf(model, () => this.enabled) : this.serve(model, scope);
    return serving.toSorted(
      ({ channel: one }, { channel: other }) => other.priority - one.priority || other.weight - one.weight,
    );
  }

  private serve(model: string, scope: ChannelScope): readonly ServingChannel[] {
    const key = JSON.stringify([model, scope.group, scope.bounds.channels]);
    return remembered(this.servingChannels, key, () => servingOf(model, () => this.channelsFor(scope)));
  }
}

/** Returns those of the channels that serve a model: a channel of last resort only if no other one does. */
function servingOf(model: string, channels: () => readonly LiveChannel[]): ServingChannel[] {
  if (goesUp(model)) return [];
  const routes = channels()
    .filter((channel) => matchesAny(channel.models, model) || Object.hasOwn(channel.modelMap, model))
    .map((channel) => ({ channel, upstreamModel: upstreamNameOf(channel, model) }));
  const proper = routes.filter(({ channel }) => !channel.lastResort);
  return proper.length > 0 ? proper : routes;
}

/** Returns the value of a key, made once. What is remembered is forgotten when there is too much of it. */
function remembered<T>(memory: Map<string, T>, key: string, make: () => T): T {
  const known = memory.get(key);
  if (known !== undefined) return known;
  if (memory.size >= rememberedModels) memory.clear();
  const made = make();
  memory.set(key, made);
  return made;
}

/** A channel that has the model, whatever format it speaks. */
export type ServingChannel = Pick<Route, 'channel' | 'upstreamModel'>;

/** Returns null if the channel neither supports the operation nor can be translated to. */
function routeFor(serving: ServingChannel, endpoint: ServedEndpoint): Route | null {
  const provider = providers[serving.channel.provider];
  if (provider.operations(serving.channel, serving.upstreamModel).has(endpoint.operation))
    return { ...serving, translateTo: null };
  const target = translationFor(provider, serving, endpoint);
  return target === null ? null : { ...serving, translateTo: target };
}

function translationFor(
  { talks, embeds }: Provider,
  { channel, upstreamModel }: ServingChannel,
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
 * Returns whether a name would point elsewhere when it becomes part of a URL path. URLs resolve `.` and `..` in
 * every spelling (https://url.spec.whatwg.org/#double-dot-url-path-segment, 2026-11), so `cheap/../dear` would
 * be `dear`.
 */
function goesUp(model: string): boolean {
  return /(^|\/)\.{1,2}(\/|$)/.test(model);
}

/** Returns whether the channel names the model itself: its operator knows it. A wildcard only matches it. */
export function namesModel({ models, modelMap }: LiveChannel, model: string): boolean {
  return models.includes(model) || Object.hasOwn(modelMap, model);
}

/**
 * Returns the model's name at a channel. The requested name is the caller's text, so inherited keys such as
 * `constructor` must not match.
 */
export function upstreamNameOf({ modelMap }: LiveChannel, model: string): string {
  return (Object.hasOwn(modelMap, model) ? modelMap[model] : undefined) ?? model;
}

/** Whether a channel's models, or its map, have the name. */
export function servesByName({ models, modelMap }: LiveChannel, model: string): boolean {
  return matchesAny(models, model) || Object.hasOwn(modelMap, model);
}
