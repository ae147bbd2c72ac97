// Azure OpenAI. Two surfaces: v1 (`/openai/v1/…`, the default), and, for a base address with an `api-version`, the
// older one with the deployment in its path. Source: Microsoft's REST reference.

import { azureListing } from './model-listing.ts';
import { openai, openaiPaths, openaiUrl } from './openai.ts';
import type { Provider, UpstreamTarget } from './provider.ts';

export const azure: Provider = {
  defaultBaseUrl: null,
  operations: openai.operations,
  // Only late versions of the older surface have Responses.
  talks: (model, address) =>
    address.baseUrl?.includes('api-version=') ? 'openai-chat' : openai.talks(model, address),
  embeds: 'openai-embeddings',
  models: azureListing,
  url: azureUrl,
  authorize: ({ headers }, key) => {
    headers.set('api-key', key);
  },
};

function azureUrl(target: UpstreamTarget): string {
  const base = new URL(target.baseUrl);
  const version = base.searchParams.get('api-version');
  const address = `${base.origin}${base.pathname.replace(/\/$/, '')}`;
  if (version === null) return openaiUrl({ ...target, baseUrl: v1Surface(address) });
  const path = openaiPaths[target.operation] ?? `/${target.operation}`;
  const below = target.operation.startsWith('responses') || target.operation === 'stored-response';
  const deployment = below ? '' : `/deployments/${encodeURIComponent(target.model)}`;
  const query = new URLSearchParams(target.search);
  query.set('api-version', version);
  return `${address.replace(/\/openai$/, '')}/openai${deployment}${path}${target.suffix}?${query}`;
}

function v1Surface(address: string): string {
  return address.endsWith('/openai/v1') ? address : `${address.replace(/\/openai$/, '')}/openai/v1`;
}
