// Channels that nobody had to set up: one for each provider key in the environment, Workers AI where there is nothing else,
// and the demo upstream's.
import type { Config } from '../config.ts';
import type { ProviderName } from '../providers/provider-name.ts';
import type { LiveChannel } from './catalog.ts';

/** A provider's own model names, so that an OpenAI key never claims to serve `claude-…`. */
const ownModels = {
  openai: [
    'gpt-*',
    'chatgpt-*',
    'o1*',
    'o3*',
    'o4*',
    'codex-*',
    'computer-use-*',
    'text-embedding-3*',
    'text-embedding-ada*',
    'omni-moderation-*',
    'text-moderation-*',
    'whisper-*',
    'tts-*',
    'dall-e-*',
    'davinci-*',
    'babbage-*',
    'ft:*',
  ],
  anthropic: ['claude-*'],
  gemini: ['gemini-*', 'gemma-*', 'learnlm-*', 'text-embedding-004', 'embedding-*'],
} as const;

const blank = {
  keys: [],
  modelMap: {},
  priority: 0,
  weight: 1,
  enabled: true,
  headers: {},
  groups: [],
  // Their operator and the provider account's owner are one person, who has no other place to say what is shared.
  settings: { sharedResources: ['*'] },
} as const;

/** The channels of the environment, `env_<provider>`. */
export function environmentChannels(config: Config): LiveChannel[] {
  return config.environmentChannels.map(({ provider, key, baseUrl }) => ({
    ...structuredClone(blank),
    id: `env_${provider}`,
    name: `${provider} (environment)`,
    provider,
    baseUrl,
    models: [...ownModels[provider]],
    plainKeys: [key],
    lastResort: false,
  }));
}

/** Cloudflare's own models by the Worker's binding, `env_workers-ai`, for a deployment with no other channel at all. */
export function workersAiChannels({ hasWorkersAi }: Config): LiveChannel[] {
  if (!hasWorkersAi) return [];
  const provider = 'workers-ai';
  const name = 'Workers AI (environment)';
  const channel = {
    ...structuredClone(blank),
    id: `env_${provider}`,
    name,
    provider,
    baseUrl: null,
  } as const;
  return [{ ...channel, models: ['@cf/*'], plainKeys: [], lastResort: false }];
}

/** The demo upstream as one channel a provider, `demo_<provider>`: below every other, and only locally. */
export function demoChannels(config: Config): LiveChannel[] {
  const { demo } = config;
  if (demo === null) return [];
  return (Object.entries(demo.models) as [ProviderName, string[]][]).map(([provider, models]) => ({
    ...structuredClone(blank),
    settings: {},
    id: `demo_${provider}`,
    name: `demo (${provider})`,
    provider,
    baseUrl: demo.baseUrl,
    models,
    priority: Number.MIN_SAFE_INTEGER,
    plainKeys: ['demo'],
    lastResort: true,
  }));
}
