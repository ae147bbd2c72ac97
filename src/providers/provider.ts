// What the relay must know of a kind of upstream: where its operations are and how it wants its key. One file
// a provider beside this one; registry.ts lists them.
import type { EmbeddingDialect } from '../formats/embedding.ts';
import type { Operation } from '../formats/format.ts';
import type { FormatName } from '../formats/neutral.ts';
import type { ModelListing } from './model-listing.ts';
import type { PresetName } from './presets.ts';
import { bareBaseUrl } from './version-prefix.ts';

/** One call's address, before the provider has made a URL of it. */
export interface UpstreamTarget extends ListingTarget {
  operation: Operation;
  /** The upstream's own name of the model. */
  model: string;
  /** What follows `/responses` for a stored response, else ''. */
  suffix: string;
  /** The caller's query with its credentials taken out: '' or '?…'. */
  search: string;
  /** The answer is to come as a stream. */
  streams: boolean;
}

/** Where an upstream is; its list of models too. */
export interface ListingTarget {
  /** Without a trailing slash; '' where the provider makes the address of the settings. */
  baseUrl: string;
  settings: ChannelSettings;
  /** Some keys say more than who calls (Vertex's name a project); null: there is none. */
  key: string | null;
}

/** A request as it goes to an upstream. */
export interface UpstreamRequest {
  url: string;
  method: string;
  headers: Headers;
  body: ArrayBuffer | string | ReadableStream | null;
}

/** A JSON body in an upstream's own form. */
export interface AdaptedBody {
  text: string;
  /** What of the request the upstream cannot be told, by the caller's paths. */
  dropped: readonly string[];
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
  /** Lower-case names of callers' headers that go to the upstream besides the provider's own list. */
  forwardHeaders?: readonly string[];
  /**
   * What a client that leaves a stream does to the upstream: `abort` ends it at once, `drain` reads on for the usage.
   * Undefined: drains what may cost unseen (relay/on-disconnect.ts).
   */
  onDisconnect?: 'abort' | 'drain';
  /** Time between two pings into a silent stream; 0: none; undefined: see relay/limits.ts. */
  pingIntervalMs?: number;
  /** Whether streams in the upstream's own format get pings after their first event too; undefined: no. */
  pingNative?: boolean;
  /** Whether translated requests to Claude ask for prompt caching; undefined: yes. */
  promptCache?: boolean;
  /** Bedrock: the AWS region, which the address and the signature name. */
  region?: string;
  /** Vertex: the Google Cloud project; undefined: the service account's. */
  project?: string;
  /** Vertex: the location, `global` too, which is the default. */
  location?: string;
  /** Resources of its account that every token may name: ids, prefixes (`vs_*`, `gs://bucket/`), or `*`. Undefined: none. */
  sharedResources?: readonly string[];
}

/** Work that runs on after the response: `waitUntil`. */
export type RunOn = (work: Promise<unknown>) => void;

/** A kind of upstream. Pure but for `authorize`; call.ts does the fetching. */
export interface Provider {
  /** null: a channel of this kind must name its own, or what the address is made of. */
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
  /**
   * Writes a JSON body of the operation's format as this upstream wants it, and takes out of the headers what it puts
   * into the body. Undefined: the body is the format's own.
   */
  adapt?(text: string, headers: Headers, target: UpstreamTarget): AdaptedBody;
  /**
   * Puts the upstream's key where it belongs. A promise only where something must be computed or fetched for it: null
   * then, or the answer of whoever refuses to let the relay in, which stands for the upstream's. Throws RelayError as
   * callUpstream does.
   */
  authorize(
    request: UpstreamRequest,
    key: string,
    settings: ChannelSettings,
    runOn: RunOn,
  ): Promise<Response | null> | undefined;
  /** The upstream's answer in the operation's own format. Undefined: it is already. */
  read?(response: Response, target: UpstreamTarget, runOn: RunOn): Response | Promise<Response>;
  /** `read` makes its streams anew (lib/rewritten-stream.ts). */
  readonly rewritesStreams?: true;
  /** It is called through the Worker's AI binding, not by its address. */
  readonly isBound?: true;
}

/** `Authorization: Bearer`, which most upstreams want. */
export function authorizeByBearer({ headers }: UpstreamRequest, key: string): undefined {
  headers.set('authorization', `Bearer ${key}`);
}

/** A channel's address (see `bareBaseUrl`); '' where neither it nor its provider names one. */
export function baseUrlOf({ defaultBaseUrl }: Provider, baseUrl: string | null): string {
  return bareBaseUrl(baseUrl ?? defaultBaseUrl ?? '');
}
