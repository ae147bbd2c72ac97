// What the relay must know of a kind of upstream: where its operations are and how it wants its key. One file
// a provider beside this one; registry.ts lists them.
import type { FormatId, OperationId } from '../formats/format-id.ts';
import type { ChannelSettings } from './channel-settings.ts';
import type { ListingTarget, ModelListing } from './model-listing.ts';
import { bareBaseUrl } from './version-prefix.ts';

/** One call's address, before the provider has made a URL of it. */
export interface UpstreamTarget extends ListingTarget {
  operation: OperationId;
  /** The upstream's own name of the model. */
  model: string;
  /** What follows `/responses` for a stored response, else ''. */
  suffix: string;
  /** The caller's query with its credentials taken out: '' or '?…'. */
  search: string;
  /** The answer is to come as a stream. */
  streams: boolean;
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

/** Work that runs on after the response: `waitUntil`. */
export type RunOn = (work: Promise<unknown>) => void;

/** A kind of upstream. Pure but for `authorize`; call.ts does the fetching. */
export interface Provider {
  /** null: a channel of this kind must name its own, or what the address is made of. */
  readonly defaultBaseUrl: string | null;
  /** What it answers, for a model, in the very format that the relay's endpoint of that operation speaks. */
  operations(address: UpstreamAddress, model: string): ReadonlySet<OperationId>;
  /** What conversations of other formats are translated to; null: it has none. */
  talks(model: string, address: UpstreamAddress): FormatId | null;
  /** What embeddings of other shapes are translated to; null: it has none. */
  readonly embeds: FormatId | null;
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
