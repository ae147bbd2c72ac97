// What the relay must know of a kind of upstream: where its operations are and how it wants its key. One file
// a provider beside this one; registry.ts lists them.
import type { EmbeddingDialect } from '../formats/embedding.ts';
import type { Operation } from '../formats/format.ts';
import type { FormatName } from '../formats/neutral.ts';
import type { ModelListing } from './model-listing.ts';
import type { PresetName } from './presets.ts';

/** One call's address, before the provider has made a URL of it. */
export interface UpstreamTarget {
  /** Without a trailing slash. */
  baseUrl: string;
  operation: Operation;
  /** The upstream's own name of the model. */
  model: string;
  /** What follows `/responses` for a stored response, else ''. */
  suffix: string;
  /** The caller's query with its credentials taken out: '' or '?…'. */
  search: string;
}

/** What of a channel decides which APIs its upstream has. */
export interface UpstreamAddress {
  baseUrl: string | null;
  settings: ChannelSettings;
}

/** What an operator may say of a channel besides its address. */
export interface ChannelSettings {
  /** Which known upstream an `openai-compatible` one is (presets.ts); undefined: as far as its host is known. */
  preset?: PresetName;
  /** Whether an `openai-compatible` upstream has the Responses API; undefined: as far as its host is known. */
  responsesApi?: boolean;
  /** Time to the head of the response; undefined: see relay/patience.ts. */
  firstByteMs?: number;
  /** Time between two pieces of a stream. */
  idleMs?: number;
}

/** A kind of upstream. Pure; call.ts does the fetching. */
export interface Provider {
  /** null: a channel of this kind must name its own. */
  readonly defaultBaseUrl: string | null;
  /** What it answers, for a model, in the very format that the relay's endpoint of that operation speaks. */
  operations(address: UpstreamAddress, model: string): ReadonlySet<Operation>;
  /** What conversations of other formats are translated to; null: it has none. */
  talks(model: string, address: UpstreamAddress): FormatName | null;
  /** What embeddings of other shapes are translated to; null: it has none. */
  readonly embeds: EmbeddingDialect | null;
  /** Its own list of models; null: it has none. */
  readonly models: ModelListing | null;
  url(target: UpstreamTarget): string;
  /** Puts the upstream's key where it belongs. */
  authorize(headers: Headers, key: string): void;
}

/** `Authorization: Bearer`, which most upstreams want. */
export function authorizeByBearer(headers: Headers, key: string): void {
  headers.set('authorization', `Bearer ${key}`);
}
