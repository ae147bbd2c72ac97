// Whatever speaks OpenAI's format at another address (and, as vLLM, llama.cpp and Xinference do, Jina's rerank).
import { openai, openaiUrl } from './openai.ts';
import { authorizeByBearer, type Provider } from './provider.ts';

export const openaiCompatible: Provider = {
  defaultBaseUrl: null,
  operations: new Set([...openai.operations, 'rerank']),
  url: openaiUrl,
  authorize: authorizeByBearer,
};
