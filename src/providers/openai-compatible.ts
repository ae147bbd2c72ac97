// Upstreams that speak OpenAI's format at another address (and, like vLLM, llama.cpp, and Xinference, Jina's
// rerank).
import type { OperationId } from '../formats/format-id.ts';
import { openaiListing } from './model-listing.ts';
import { openaiPaths, openaiUrl } from './openai.ts';
import { presetOf } from './presets.ts';
import { authorizeByBearer, type Provider, type UpstreamAddress } from './provider.ts';

const everywhere = new Set<OperationId>([
  ...(Object.keys(openaiPaths) as OperationId[]).filter((operation) => !/response/.test(operation)),
  'rerank',
]);
const withResponses = new Set<OperationId>([...everywhere, 'responses', 'stored-response']);

export const openaiCompatible: Provider = {
  defaultBaseUrl: null,
  operations: (address) => (hasResponses(address) ? withResponses : everywhere),
  talks: () => 'openai-chat',
  embeds: 'openai-embeddings',
  models: openaiListing,
  url: openaiUrl,
  authorize: authorizeByBearer,
};

function hasResponses({ baseUrl, settings }: UpstreamAddress): boolean {
  return settings.responsesApi ?? presetOf(baseUrl, settings)?.hasResponses ?? false;
}
