// What the form of a channel knows of each provider: its name for people, its models, and where it is. Data.
import type { ProviderName } from '../../routing/channel.ts';

/** What people call a provider, and the models that a channel of it has when none are named. */
export const providerFacts: Record<ProviderName, { label: string; models: readonly string[] }> = {
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
  'openai-compatible': { label: 'OpenAI-compatible', models: ['*'] },
};

/** Settings that say where a provider is, each in the form for its provider only (dashboard.css). */
export const placeSettings = [
  { name: 'region', provider: 'bedrock' },
  { name: 'location', provider: 'vertex' },
  { name: 'project', provider: 'vertex' },
] as const;
