// What a channel (an upstream with its keys) and a group (limits around tokens) are. store.ts stores them;
// select.ts decides which channel serves a request.
import type { SealedKey } from '../lib/seal.ts';
import type { ChannelSettings } from '../providers/channel-settings.ts';
import type { ProviderName } from '../providers/provider-name.ts';
import type { GroupBounds } from '../tokens/token.ts';

/** A channel as it is stored: its keys sealed, its addresses and names as the operator entered them. */
export interface Channel {
  id: string;
  name: string;
  provider: ProviderName;
  /** Null: the provider's own address. */
  baseUrl: string | null;
  /** May be empty for an upstream that needs no key. */
  keys: readonly SealedKey[];
  /** Exact names or `*` wildcards of the models that callers request. */
  models: readonly string[];
  /** Requested name to upstream name. Other names are sent unchanged. */
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

/** Limits for every token in it. */
export interface Group extends GroupBounds {
  name: string;
}

/** A name that stands for models, tried in this order. */
export interface ModelAlias {
  name: string;
  models: readonly string[];
}
