// api.anthropic.com. Source: Anthropic's API reference.
import type { Provider } from './provider.ts';

export const anthropic: Provider = {
  defaultBaseUrl: 'https://api.anthropic.com',
  operations: new Set(['messages', 'messages-count-tokens']),
  url: ({ baseUrl, operation, search }) => {
    const path = operation === 'messages-count-tokens' ? '/messages/count_tokens' : '/messages';
    return `${baseUrl.replace(/\/v1$/, '')}/v1${path}${search}`;
  },
  authorize: (headers, key) => headers.set('x-api-key', key),
};
