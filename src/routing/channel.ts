// What a channel (an upstream with its keys) and a group (a bound around tokens) are. How they are stored is
// store.ts's, which of them serves a request select.ts's.
import type { SealedKey } from '../lib/seal.ts';
import type { ChannelSettings } from '../providers/channel-settings.ts';
import type { ProviderName } from '../providers/provider-name.ts';
import type { GroupBounds } from '../tokens/token.ts';

/** An upstream as it is stored: its keys sealed, its addresses and names as the operator gave them. */
export interface Channel {
  id: string;
  name: string;
  provider: ProviderName;
  /** null: the provider's own address. */
  baseUrl: string | null;
  /** May be empty for an upstream that asks for no key. */
  keys: readonly SealedKey[];
  /** Exact names or `*` wildcards, as callers ask for them. */
  models: readonly string[];
  /** Requested name to the upstream's own name; a name that is not here goes as it is. */
  modelMap: Readonly<Record<string, string>>;
  /** Higher is tried first. */
  priority: number;
  /** Share among channels of equal priority. */
  weight: number;
  enabled: boolean;
  /** Added to every request to the upstream. */
  headers: Readonly<Record<string, string>>;
  /** Groups whose tokens may use the channel; empty is all. */
  groups: readonly string[];
  settings: ChannelSettings;
}

/** A bound around every token in it. */
export interface Group extends GroupBounds {
  name: string;
}

/** A name that stands for models, tried in this order. */
export interface ModelAlias {
  name: string;
  models: readonly string[];
}
