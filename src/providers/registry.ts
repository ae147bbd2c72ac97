import { anthropic } from './anthropic.ts';
import { azure } from './azure.ts';
import { bedrock } from './bedrock.ts';
import { gemini } from './gemini.ts';
import { openai } from './openai.ts';
import { openaiCompatible } from './openai-compatible.ts';
import type { Provider } from './provider.ts';
import type { ProviderName } from './provider-name.ts';
import { cohere, jina, voyage } from './rerankers.ts';
import { vertex } from './vertex.ts';
import { workersAi } from './workers-ai.ts';

/** Every kind of upstream, by the name that a channel uses. */
export const providers: Readonly<Record<ProviderName, Provider>> = {
  openai,
  anthropic,
  gemini,
  azure,
  cohere,
  jina,
  voyage,
  bedrock,
  vertex,
  'workers-ai': workersAi,
  'openai-compatible': openaiCompatible,
};
