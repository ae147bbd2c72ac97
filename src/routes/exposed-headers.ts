// What pages of other origins may read of an answer's headers. Only a list.

/** Exposed to pages of other origins: what SDKs and people read of an answer's headers. */
export const exposedHeaders: readonly string[] = [
  'x-request-id',
  'request-id',
  'retry-after',
  'x-should-retry',
  'x-ratelimit-limit-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-requests',
  'x-ratelimit-reset-tokens',
  'anthropic-ratelimit-requests-limit',
  'anthropic-ratelimit-requests-remaining',
  'anthropic-ratelimit-requests-reset',
  'anthropic-ratelimit-tokens-limit',
  'anthropic-ratelimit-tokens-remaining',
  'anthropic-ratelimit-tokens-reset',
  'x-relay-dropped',
  'x-relay-estimated',
  'x-relay-model',
  'x-relay-upstream-request-id',
];
