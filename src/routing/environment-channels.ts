// Channels that need no setup: one for each provider key in the environment, Workers AI if there is no other
// channel, and the demo upstream.
import type { Config } from '../config.ts';
import type { ProviderName } from '../providers/provider-name.ts';
import type { LiveChannel } from './catalog.ts';
import { RoutingStore } from './store.ts';

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
  // The operator and the owner of the provider account are the same person, who cannot list shared resources
  // anywhere else.
  settings: { sharedResources: ['*'] },
} as const;

/** Returns the channels of the environment, `env_<provider>`. */
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

/**
 * Returns Cloudflare's own models through the Worker's binding, `env_workers-ai`, for a deployment without any
 * other channel.
 */
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

/**
 * Returns the demo upstream as one channel per provider, `demo_<provider>`: of the lowest priority, and only
 * locally.
 */
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

/** Returns the channel, even if it is disabled, or null. Throws when D1 fails. */
export async function findChannel(db: D1Database, config: Config, id: string): Promise<LiveChannel | null> {
  const unstored = [...environmentChannels(config), ...demoChannels(config)];
  const found = unstored.find((channel) => channel.id === id);
  if (found !== undefined) return found;
  const record = await new RoutingStore(db).find(id);
  return record && { ...record.channel, plainKeys: null, lastResort: false };
}
