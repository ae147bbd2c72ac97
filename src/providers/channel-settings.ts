// What an operator may set for a channel. Types only.
import type { PresetName } from './preset-name.ts';

/** What an operator may say of a channel besides its address. */
export interface ChannelSettings {
  /** Which known upstream an `openai-compatible` one is (presets.ts); undefined: as far as its host is known. */
  preset?: PresetName;
  /** Whether an `openai-compatible` upstream has the Responses API; undefined: as far as its host is known. */
  responsesApi?: boolean;
  /** Time to the head of the response; undefined: see relay/upstream/timeouts.ts. */
  firstByteMs?: number;
  /** Time between two pieces of a stream. */
  idleMs?: number;
  /** Lower-case names of callers' headers that go to the upstream besides the provider's own list. */
  forwardHeaders?: readonly string[];
  /**
   * What a client that leaves a stream does to the upstream: `abort` ends it at once, `drain` reads on for the usage.
   * Undefined: drains what may cost unseen (relay/response/on-disconnect.ts).
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
