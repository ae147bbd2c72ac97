// The channel through which a recording would have been relayed: provider, base URL, and the price library's name.
import type { PricedProvider } from '../../src/metering/price.ts';

/** By the fixture's provider. */
export const fixtureRoutes: Record<string, [PricedProvider, string | undefined, string]> = {
  openai: ['openai', undefined, 'openai'],
  anthropic: ['anthropic', undefined, 'anthropic'],
  gemini: ['gemini', undefined, 'google'],
  vertex: ['gemini', undefined, 'google'],
  azure: ['azure', undefined, 'azure'],
  voyage: ['voyage', undefined, 'voyageai'],
  cohere: ['cohere', undefined, 'cohere'],
  groq: ['openai-compatible', 'https://api.groq.com/openai/v1', 'groq'],
  mistral: ['openai-compatible', 'https://api.mistral.ai/v1', 'mistral'],
  deepseek: ['openai-compatible', 'https://api.deepseek.com', 'deepseek'],
  xai: ['openai-compatible', 'https://api.x.ai/v1', 'x-ai'],
  openrouter: ['openai-compatible', 'https://openrouter.ai/api/v1', 'openrouter'],
  together: ['openai-compatible', 'https://api.together.xyz/v1', 'together'],
  perplexity: ['openai-compatible', 'https://api.perplexity.ai', 'perplexity'],
  cerebras: ['openai-compatible', 'https://api.cerebras.ai/v1', 'cerebras'],
  moonshot: ['openai-compatible', 'https://api.moonshot.ai/v1', 'moonshotai'],
};
