// Describes the imitated model's question and answer without any wire format: the common form in which callers
// (callers.ts) and upstreams (upstream-formats.ts) of the matrix are compared.

/** The formats on both sides. */
export const formats = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini-generate'] as const;
export type Format = (typeof formats)[number];

/** An answer of the model. */
export interface Script {
  /** Readable thoughts, and the signature that the provider requires back. */
  thought?: {
    text: string;
    signature: string /** Of the Responses item; the same for all without it. */;
    id?: string;
  };
  text?: string;
  /** `namespace` belongs to the Responses API. */
  calls?: { id: string; name: string; namespace?: string; args: Record<string, unknown> }[];
  refusal?: string;
  citation?: { url: string; title: string };
  /** Base64 of a PNG. */
  image?: string;
  /** The chosen tokens of `text` with their log probabilities. */
  logprobs?: { token: string; logprob: number }[];
  /** The text of a second answer beside this one. */
  second?: string;
  stop: 'stop' | 'length' | 'calls' | 'filter' | 'refusal' | 'sequence';
  usage: Counts;
}

/** All input and all output tokens, whatever a format omits from its own figures. */
export interface Counts {
  input: number;
  cached: number;
  output: number;
  reasoning: number;
}

/** What a caller received, read from the SDK's own objects. */
export interface CallerView {
  text: string;
  thought: string;
  calls: { name: string; args: unknown }[];
  refusal: string;
  citations: string[];
  images: string[];
  logprobs: number[];
  second: string;
  stop: string;
  usage: Counts;
}

/** The question. Each caller sends it in its format, without what the format lacks. */
export interface Question {
  system?: string;
  turns: Turn[];
  tools?: { name: string; description?: string; schema: Record<string, unknown> | null }[];
  choice?: 'auto' | 'none' | 'required' | { name: string };
  parallel?: false;
  schema?: { name: string; schema: Record<string, unknown> };
  json?: true;
  maxTokens?: number;
  temperature?: number;
  topP?: number;
  topK?: number;
  seed?: number;
  stops?: string[];
  user?: string;
  effort?: 'low' | 'medium' | 'high';
  penalties?: { frequency: number; presence: number };
  search?: true;
  /** The number of requested alternatives for each token. */
  logprobs?: number;
  candidates?: number;
  metadata?: Record<string, string>;
  tier?: string;
}

export type Turn =
  | { role: 'user'; text: string; image?: Medium; document?: Medium; audio?: Medium }
  | { role: 'assistant'; text: string }
  /** The model's own calls and their results, in order. */
  | { role: 'calls'; calls: { id: string; name: string; args: Record<string, unknown>; result: Result }[] };

interface Result {
  text: string;
  error?: true;
  image?: Medium;
}

export type Medium = { type: string; data: string } | { type: string; url: string };

/** What the upstream understood, read from its own format. */
export interface UpstreamView {
  system: string;
  /** Texts of user and assistant, in order: `user: …`. */
  texts: string[];
  media: string[];
  tools: { name: string; description?: string; properties: string[] }[];
  choice: string;
  /** Calls in the conversation, in order: `name(args)`. */
  calls: string[];
  /** Results matched to their calls, in order: `name: text`. */
  results: string[];
  errors: string[];
  maxTokens?: number;
  temperature?: number;
  topP?: number;
  topK?: number;
  seed?: number;
  stops: string[];
  user?: string;
  schema?: string[];
  json: boolean;
  thinks: boolean;
  search: boolean;
  single: boolean;
  signatures: string[];
  penalties?: { frequency: number; presence: number };
  logprobs?: number;
  candidates?: number;
  metadata?: Record<string, string>;
  tier?: string;
}

/** The smallest valid PNG, PDF and WAV. */
export const png =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
export const pdf = Buffer.from('%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF').toString('base64');
export const wav = Buffer.from('RIFF$\0\0\0WAVEfmt ').toString('base64');
