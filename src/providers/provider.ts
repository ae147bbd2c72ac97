// What the relay must know of a kind of upstream: where its operations are and how it wants its key. One file
// a provider beside this one; registry.ts lists them.
import type { Operation } from '../formats/format.ts';

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

/** A kind of upstream. Pure; call.ts does the fetching. */
export interface Provider {
  /** null: a channel of this kind must name its own. */
  readonly defaultBaseUrl: string | null;
  /** What it answers in the very format that the relay's endpoint of that operation speaks. */
  readonly operations: ReadonlySet<Operation>;
  url(target: UpstreamTarget): string;
  /** Puts the upstream's key where it belongs. */
  authorize(headers: Headers, key: string): void;
}

/** `Authorization: Bearer`, which most upstreams want. */
export function authorizeByBearer(headers: Headers, key: string): void {
  headers.set('authorization', `Bearer ${key}`);
}
