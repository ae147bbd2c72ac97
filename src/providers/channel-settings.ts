// The settings of a channel. Types only.

/** What an operator may set for a channel besides its address. */
export interface ChannelSettings {
  /** The known upstream that an `openai-compatible` channel uses (presets.ts). Undefined: recognized by its host. */
  preset?: PresetName;
  /** Whether an `openai-compatible` upstream has the Responses API. Undefined: recognized by its host. */
  responsesApi?: boolean;
  /** Timeout of the head of the response. Undefined: the relay's default. */
  firstByteMs?: number;
  /** Timeout between two pieces of a stream. */
  idleMs?: number;
  /** Lower-case names of callers' headers that are sent to the upstream besides the provider's own list. */
  forwardHeaders?: readonly string[];
  /**
   * What happens to the upstream when a client leaves a stream: `abort` ends it at once, `drain` reads on for
   * the usage. Undefined: drains where unseen output may be billed.
   */
  onDisconnect?: 'abort' | 'drain';
  /** Time between two pings into a silent stream; 0: none; undefined: the relay's default. */
  pingIntervalMs?: number;
  /** Whether streams in the upstream's own format get pings after their first event too. Undefined: no. */
  pingNative?: boolean;
  /** Whether translated requests to Claude ask for prompt caching. Undefined: yes. */
  promptCache?: boolean;
  /** Bedrock: the AWS region, for the address and the signature. */
  region?: string;
  /** Vertex: the Google Cloud project. Undefined: the service account's. */
  project?: string;
  /** Vertex: the location. Default: `global`. */
  location?: string;
  /**
   * Resources of its account that every token may name: ids, prefixes (`vs_*`, `gs://bucket/`), or `*`.
   * Undefined: none.
   */
  sharedResources?: readonly string[];
}

/** The hosts that are known by name. */
export const presetNames = [
  'alibaba',
  'cerebras',
  'deepseek',
  'fireworks',
  'groq',
  'huggingface',
  'llama.cpp',
  'mistral',
  'moonshot',
  'ollama',
  'openrouter',
  'perplexity',
  'together',
  'vllm',
  'xai',
  'zai',
] as const;

export type PresetName = (typeof presetNames)[number];
