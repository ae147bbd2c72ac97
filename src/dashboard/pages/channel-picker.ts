// The kinds of upstreams by their usual names, and the defaults of a channel of each: its name and models. Data.
import { type PresetName, presetNames } from '../../providers/channel-settings.ts';
import { type ProviderName, providerNames } from '../../providers/provider-name.ts';

interface Kind {
  label: string;
  /** Null: whatever the upstream lists, because it may be anything. */
  models: readonly string[] | null;
}

const providerKinds: Record<ProviderName, Kind> = {
  openai: {
    label: 'OpenAI',
    models: [
      'gpt-*',
      'chatgpt-*',
      'o1*',
      'o3*',
      'o4*',
      'text-embedding-*',
      'omni-*',
      'tts-*',
      'whisper-*',
      'dall-e-*',
    ],
  },
  anthropic: { label: 'Anthropic', models: ['claude-*'] },
  gemini: { label: 'Google Gemini', models: ['gemini-*', 'gemma-*', 'imagen-*', 'text-embedding-00*'] },
  azure: { label: 'Azure OpenAI', models: ['gpt-*', 'o1*', 'o3*', 'o4*', 'text-embedding-*'] },
  cohere: { label: 'Cohere', models: ['command-*', 'rerank-*', 'embed-*'] },
  jina: { label: 'Jina', models: ['jina-*'] },
  voyage: { label: 'Voyage', models: ['voyage-*', 'rerank-2*'] },
  bedrock: { label: 'Amazon Bedrock (Claude)', models: ['anthropic.claude-*', '*.anthropic.claude-*'] },
  vertex: { label: 'Google Vertex AI (Gemini, Claude)', models: ['gemini-*', 'claude-*'] },
  'workers-ai': { label: 'Cloudflare Workers AI', models: ['@cf/*'] },
  'openai-compatible': { label: 'OpenAI-compatible', models: null },
};

/** Settings for a provider's address, which the form shows only for that provider (dashboard.css). */
export const locationSettings = [
  { name: 'region', provider: 'bedrock' },
  { name: 'location', provider: 'vertex' },
  { name: 'project', provider: 'vertex' },
] as const;

const presetLabels: Record<PresetName, string> = {
  alibaba: 'Alibaba Cloud (Qwen)',
  cerebras: 'Cerebras',
  deepseek: 'DeepSeek',
  fireworks: 'Fireworks',
  groq: 'Groq',
  huggingface: 'Hugging Face',
  'llama.cpp': 'llama.cpp',
  mistral: 'Mistral',
  moonshot: 'Moonshot (Kimi)',
  ollama: 'Ollama',
  openrouter: 'OpenRouter',
  perplexity: 'Perplexity',
  together: 'Together',
  vllm: 'vLLM',
  xai: 'xAI (Grok)',
  zai: 'Z.ai (GLM)',
};

/** The picker's options: a provider by its name, a known upstream as `preset:name`. */
export const pickerOptions: readonly (readonly [value: string, label: string])[] = [
  ...providerNames
    .filter((name) => name !== 'openai-compatible')
    .map((name) => [name, providerKinds[name].label] as const),
  ...presetNames.map((name) => [`preset:${name}`, presetLabels[name]] as const),
  ['openai-compatible', providerKinds['openai-compatible'].label],
];

/** Converts a choice to the management API's fields. An unknown value is sent unchanged, and refused there. */
export function kindOf(value: string): { provider: string; preset: PresetName | undefined } & Kind {
  const preset = presetNames.find((name) => value === `preset:${name}`);
  if (preset !== undefined) {
    return { provider: 'openai-compatible', preset, label: presetLabels[preset], models: null };
  }
  const provider = providerNames.find((name) => name === value);
  const kind = provider === undefined ? { label: value, models: null } : providerKinds[provider];
  return { provider: value, preset: undefined, ...kind };
}

/** Returns the picker's value for a channel. */
export function pickedOf({
  provider,
  settings,
}: {
  provider: ProviderName;
  settings: { preset?: PresetName | undefined };
}): string {
  return settings.preset === undefined ? provider : `preset:${settings.preset}`;
}

/** Returns the usual name of a channel's kind. */
export function kindLabel(channel: Parameters<typeof pickedOf>[0]): string {
  return kindOf(pickedOf(channel)).label;
}
