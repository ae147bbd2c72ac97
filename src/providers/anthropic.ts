// api.anthropic.com. Source: Anthropic's API reference.
import type { OperationId } from '../formats/format-id.ts';
import { anthropicListing } from './model-listing.ts';
import type { Provider } from './provider.ts';

const operations = new Set<OperationId>(['messages', 'messages-count-tokens']);

export const anthropic: Provider = {
  defaultBaseUrl: 'https://api.anthropic.com',
  operations: () => operations,
  talks: () => 'anthropic-messages',
  embeds: null,
  models: anthropicListing,
  url: ({ baseUrl, operation, search }) => {
    const path = operation === 'messages-count-tokens' ? '/messages/count_tokens' : '/messages';
    return `${baseUrl.replace(/\/v1$/, '')}/v1${path}${search}`;
  },
  authorize: ({ headers }, key) => {
    headers.set('x-api-key', key);
    if (!headers.has('anthropic-version')) headers.set('anthropic-version', '2023-06-01');
  },
};
