// api.openai.com and upstreams like it: the paths under /v1. Source: OpenAI's OpenAPI file.
import type { OperationId } from '../formats/format-id.ts';
import { openaiListing } from './model-listing.ts';
import { authorizeByBearer, type Provider, type UpstreamTarget } from './provider.ts';
import { withVersion } from './version-prefix.ts';

/** Paths below the version prefix. */
export const openaiPaths: Partial<Record<OperationId, string>> = {
  'chat-completions': '/chat/completions',
  completions: '/completions',
  responses: '/responses',
  'responses-compact': '/responses/compact',
  'responses-input-tokens': '/responses/input_tokens',
  'stored-response': '/responses',
  embeddings: '/embeddings',
  moderations: '/moderations',
  speech: '/audio/speech',
  transcriptions: '/audio/transcriptions',
  translations: '/audio/translations',
  'image-generations': '/images/generations',
  'image-edits': '/images/edits',
  'image-variations': '/images/variations',
  realtime: '/realtime',
};

const operations = new Set(Object.keys(openaiPaths) as OperationId[]);

/** Models that only the Responses API serves: https://platform.openai.com/docs/models (2026-11). */
const responsesOnly = /codex|deep-research|computer-use|^(o\d|gpt-5[\d.]*)-pro/;

const withoutChat = new Set([...operations].filter((operation) => !/completions/.test(operation)));

/** Models that only chat completions serves: https://platform.openai.com/docs/models (2026-11). */
const chatOnly = /audio|search-preview/;

export const openai: Provider = {
  defaultBaseUrl: 'https://api.openai.com/v1',
  operations: (_address, model) => (responsesOnly.test(model) ? withoutChat : operations),
  talks: (model) => (chatOnly.test(model) ? 'openai-chat' : 'openai-responses'),
  embeds: 'openai-embeddings',
  models: openaiListing,
  url: openaiUrl,
  authorize: authorizeByBearer,
};

/** Returns `{base}/v1/…`. A base address without a path gets the `/v1`; one with a path is used as it is. */
export function openaiUrl({ baseUrl, operation, suffix, search }: UpstreamTarget): string {
  return `${withVersion(baseUrl)}${openaiPaths[operation] ?? `/${operation}`}${suffix}${search}`;
}
