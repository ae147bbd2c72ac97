// What the relay must know about a kind of upstream: the addresses of its operations, and where its key goes. One
// file per provider beside this one; registry.ts lists them.
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
  /** The caller's query without its credentials: '' or '?…'. */
  search: string;
  /** The answer will be a stream. */
  streams: boolean;
}

/** A request as it is sent to an upstream. */
export interface UpstreamRequest {
  url: string;
  method: string;
  headers: Headers;
  body: ArrayBuffer | string | ReadableStream | null;
}

/** A JSON body in an upstream's own format. */
export interface AdaptedBody {
  text: string;
  /** The parts of the request that the upstream cannot be sent, by the caller's paths. */
  dropped: readonly string[];
}

/** The parts of a channel that decide which APIs its upstream has. */
export interface UpstreamAddress {
  baseUrl: string | null;
  settings: ChannelSettings;
}

/** Runs work after the response: `waitUntil`. */
export type RunOn = (work: Promise<unknown>) => void;

/** A kind of upstream. Pure except for `authorize`; call.ts makes the calls. */
export interface Provider {
  /** Null: a channel of this kind must have its own address, or the settings that make one. */
  readonly defaultBaseUrl: string | null;
  /** The operations that it serves for a model in exactly the relay's own format. */
  operations(address: UpstreamAddress, model: string): ReadonlySet<OperationId>;
  /** The format that conversations in other formats are translated to. Null: none. */
  talks(model: string, address: UpstreamAddress): FormatId | null;
  /** The format that embeddings in other formats are translated to. Null: none. */
  readonly embeds: FormatId | null;
  /** Its own list of models. Null: it has none. */
  readonly models: ModelListing | null;
  url(target: UpstreamTarget): string;
  /**
   * Writes a JSON body of the operation's format as this upstream expects it, and removes the headers that move
   * into the body. Undefined: the body is the format's own.
   */
  adapt?(text: string, headers: Headers, target: UpstreamTarget): AdaptedBody;
  /**
   * Puts the upstream's key where it belongs. Returns a promise only if something must be computed or fetched:
   * null then, or the answer of the service that refused the key, which replaces the upstream's. Throws
   * RelayError like callUpstream.
   */
  authorize(
    request: UpstreamRequest,
    key: string,
    settings: ChannelSettings,
    runOn: RunOn,
  ): Promise<Response | null> | undefined;
  /** Converts the upstream's answer to the operation's format. Undefined: it already has it. */
  read?(response: Response, target: UpstreamTarget, runOn: RunOn): Response | Promise<Response>;
  /** `read` rewrites its streams (lib/rewritten-stream.ts). */
  readonly rewritesStreams?: true;
  /** It is called through the Worker's AI binding, not by its address. */
  readonly isBound?: true;
}

/** Sets `Authorization: Bearer`, which most upstreams expect. */
export function authorizeByBearer({ headers }: UpstreamRequest, key: string): undefined {
  headers.set('authorization', `Bearer ${key}`);
}

/** Returns a channel's address (see `bareBaseUrl`), or '' if neither it nor its provider names one. */
export function baseUrlOf({ defaultBaseUrl }: Provider, baseUrl: string | null): string {
  return bareBaseUrl(baseUrl ?? defaultBaseUrl ?? '');
}
