// The kinds of upstream that the relay can call.
export const providerNames = [
  'openai',
  'anthropic',
  'gemini',
  'azure',
  'cohere',
  'jina',
  'voyage',
  'bedrock',
  'vertex',
  'workers-ai',
  'openai-compatible',
] as const;

export type ProviderName = (typeof providerNames)[number];
