// Upstreams that imitate OpenAI's API: their addresses and differences. Data; applied by openai-compatible.ts
// (paths), the relay (what it switches on), and formats/openai-chat (translated requests). Read in November 2026
// unless another date is given.
import type { ChatUpstreamFacts } from '../formats/openai-chat/upstream-facts.ts';
import type { ChannelSettings, PresetName } from './channel-settings.ts';

export interface Preset {
  baseUrl: string;
  /** Has the Responses API. For the others, its callers are translated to chat. */
  hasResponses: boolean;
  chat: ChatUpstreamFacts;
}

const plain = { hasResponses: false, chat: {} } as const;

export const presets: Readonly<Record<PresetName, Preset>> = {
  // https://www.alibabacloud.com/help/model-studio/base-url (2026-10-11): the shared address of Singapore; other
  // regions and workspaces have their own. Only some models have Responses, so the channel's settings must say so:
  // https://help.aliyun.com/en/model-studio/compatibility-with-openai-responses-api (2026-11).
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
  // https://huggingface.co/docs/inference-providers/guides/responses-api (beta; hub-docs pull request 1980), 2026-11.
  huggingface: { ...plain, baseUrl: 'https://router.huggingface.co/v1', hasResponses: true },
  'llama.cpp': { ...plain, baseUrl: 'http://localhost:8080/v1' },
  // 422 `extra_forbidden` for everything unknown, also `stream_options` (its streams end with the usage):
  // https://github.com/avante-corp/avante.nvim/issues/2347, https://docs.mistral.ai/api (chat). Also seen refused:
  // max_completion_tokens (https://github.com/editor-code-assistant/eca/issues/231, 2025-12) and metadata
  // (https://github.com/OpenHands/OpenHands-CLI/issues/83, 2025-11). It accepts two efforts, tried model by model:
  // https://github.com/anomalyco/models.dev/pull/1986 (2026-06).
  mistral: {
    ...plain,
    baseUrl: 'https://api.mistral.ai/v1',
    chat: {
      renames: { seed: 'random_seed', max_completion_tokens: 'max_tokens' },
      refuses: [
        'logprobs',
        'top_logprobs',
        'logit_bias',
        'user',
        'service_tier',
        'modalities',
        'audio',
        'metadata',
        'store',
        'verbosity',
        'web_search_options',
      ],
      efforts: ['none', 'high'],
      refusesStreamOptions: true,
    },
  },
  // https://platform.kimi.ai/docs/api/overview, as quoted by developersdigest.tech/reference/api-compatibility/moonshot (2026-11).
  moonshot: { ...plain, baseUrl: 'https://api.moonshot.ai/v1', hasResponses: true },
  // Versions differ in what else they have (Responses, for example): the channel's settings say so.
  ollama: { ...plain, baseUrl: 'http://localhost:11434/v1' },
  // https://openrouter.ai/docs/client-sdks/typescript/sdks/responses/README.md (beta), 2026-11.
  openrouter: { ...plain, baseUrl: 'https://openrouter.ai/api/v1', hasResponses: true },
  // https://docs.perplexity.ai/docs/sonar/openai-compatibility (2026-11). Its Agent API is Responses, at another
  // address, https://api.perplexity.ai/v1 (https://docs.perplexity.ai/docs/grounded-llm/openai-compatibility,
  // 2026-11): a separate channel, with `responses_api`. apidog.com/blog/perplexity-api-key (2026-09-18) says that
  // chat ended on 2026-09-27; Perplexity's own pages do not.
  perplexity: { ...plain, baseUrl: 'https://api.perplexity.ai' },
  // https://docs.together.ai/docs/inference/openai-compatibility (2026-11); api.together.xyz is its older address.
  together: { ...plain, baseUrl: 'https://api.together.ai/v1' },
  vllm: { ...plain, baseUrl: 'http://localhost:8000/v1' },
  // https://docs.x.ai/docs/api-reference (2026-04-13, through modelcards.net/documents/154).
  xai: { ...plain, baseUrl: 'https://api.x.ai/v1', hasResponses: true },
  // https://docs.z.ai/api-reference/introduction (2026-11). The Coding Plan has another address, and Responses a
  // third one.
  zai: { ...plain, baseUrl: 'https://api.z.ai/api/paas/v4' },
};

/** By host; a private address identifies nothing. */
const byHost = new Map(
  Object.values(presets)
    .map((preset) => [new URL(preset.baseUrl).hostname, preset] as const)
    .filter(([host]) => host !== 'localhost'),
);

/**
 * Returns what is known about an upstream: by the preset that its operator chose, else by its host. Null:
 * nothing.
 */
export function presetOf(baseUrl: string | null, { preset }: ChannelSettings): Preset | null {
  if (preset !== undefined) return presets[preset];
  if (baseUrl === null) return null;
  const { hostname } = new URL(baseUrl);
  return byHost.get(hostname) ?? byHost.get(hostname.replace(/^[^.]+\./, '')) ?? null;
}

/**
 * Whether a channel's upstream may read `usage: {include: true}` of a request: OpenRouter does, and an upstream that is
 * not known may be another gateway. Others could refuse the field.
 */
export function mayReadUsageOption({
  provider,
  baseUrl,
  settings,
}: Parameters<typeof chatFactsOf>[0]): boolean {
  if (provider !== 'openai-compatible') return false;
  const preset = presetOf(baseUrl, settings);
  return preset === null || preset === presets.openrouter;
}

/** Returns how a channel's chat completions differ. Null: they are OpenAI's, or nothing is known. */
export function chatFactsOf(channel: {
  provider: string;
  baseUrl: string | null;
  settings: ChannelSettings;
}): ChatUpstreamFacts | null {
  if (channel.provider !== 'openai-compatible') return null;
  return presetOf(channel.baseUrl, channel.settings)?.chat ?? null;
}
