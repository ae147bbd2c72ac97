// Upstreams that imitate OpenAI's API, and what is known of each: its address, and where it differs. Data; applied by
// openai-compatible.ts (paths), relay/outgoing.ts (what is switched on) and formats/openai-chat (translated requests).
// Read in November 2026 unless another date stands there.
import type { ChatUpstreamFacts } from '../formats/openai-chat/upstream-facts.ts';
import type { ChannelSettings } from './provider.ts';

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

export interface Preset {
  baseUrl: string;
  /** The Responses API is there; for the others its callers are translated to chat. */
  hasResponses: boolean;
  chat: ChatUpstreamFacts;
}

const plain = { hasResponses: false, chat: {} } as const;

export const presets: Readonly<Record<PresetName, Preset>> = {
  alibaba: { ...plain, baseUrl: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1' },
  // 400 for these: https://inference-docs.cerebras.ai/resources/openai
  cerebras: {
    ...plain,
    baseUrl: 'https://api.cerebras.ai/v1',
    chat: { refuses: ['frequency_penalty', 'presence_penalty', 'logit_bias', 'service_tier'] },
  },
  deepseek: { ...plain, baseUrl: 'https://api.deepseek.com/v1' },
  // https://docs.fireworks.ai/guides/response-api
  fireworks: { ...plain, baseUrl: 'https://api.fireworks.ai/inference/v1', hasResponses: true },
  // 400 for these: https://console.groq.com/docs/openai
  groq: {
    baseUrl: 'https://api.groq.com/openai/v1',
    hasResponses: true,
    chat: { refuses: ['logprobs', 'top_logprobs', 'logit_bias'], isSingleAnswer: true },
  },
  huggingface: { ...plain, baseUrl: 'https://router.huggingface.co/v1', hasResponses: true },
  'llama.cpp': { ...plain, baseUrl: 'http://localhost:8080/v1' },
  // 422 `extra_forbidden` for all that it does not know, `stream_options` too (its streams end with the usage):
  // https://github.com/avante-corp/avante.nvim/issues/2347, https://docs.mistral.ai/api (chat)
  mistral: {
    ...plain,
    baseUrl: 'https://api.mistral.ai/v1',
    chat: {
      renames: { seed: 'random_seed' },
      refuses: ['logprobs', 'top_logprobs', 'logit_bias', 'user', 'service_tier', 'modalities', 'audio'],
      refusesStreamOptions: true,
    },
  },
  moonshot: { ...plain, baseUrl: 'https://api.moonshot.ai/v1' },
  // Versions differ in what else they have (Responses among it): the channel's settings say so.
  ollama: { ...plain, baseUrl: 'http://localhost:11434/v1' },
  openrouter: { ...plain, baseUrl: 'https://openrouter.ai/api/v1', hasResponses: true },
  perplexity: { ...plain, baseUrl: 'https://api.perplexity.ai' },
  together: { ...plain, baseUrl: 'https://api.together.xyz/v1' },
  vllm: { ...plain, baseUrl: 'http://localhost:8000/v1' },
  xai: { ...plain, baseUrl: 'https://api.x.ai/v1', hasResponses: true },
  zai: { ...plain, baseUrl: 'https://api.z.ai/api/paas/v4' },
};

/** By host; a machine's own address tells nothing. */
const byHost = new Map(
  Object.values(presets)
    .map((preset) => [new URL(preset.baseUrl).hostname, preset] as const)
    .filter(([host]) => host !== 'localhost'),
);

/** What is known of an upstream: by the preset that its operator named, else by its host; null: nothing. */
export function presetOf(baseUrl: string | null, { preset }: ChannelSettings): Preset | null {
  if (preset !== undefined) return presets[preset];
  if (baseUrl === null) return null;
  const { hostname } = new URL(baseUrl);
  return byHost.get(hostname) ?? byHost.get(hostname.replace(/^[^.]+\./, '')) ?? null;
}

/** How a channel's chat completions differ; null: they are OpenAI's, or nothing is known of them. */
export function chatFactsOf(channel: {
  provider: string;
  baseUrl: string | null;
  settings: ChannelSettings;
}): ChatUpstreamFacts | null {
  if (channel.provider !== 'openai-compatible') return null;
  return presetOf(channel.baseUrl, channel.settings)?.chat ?? null;
}
