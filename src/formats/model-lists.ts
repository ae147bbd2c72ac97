// Lists of models, and single ones, as each API answers them.
import { RelayError } from '../lib/relay-error.ts';

/** Returns a model. `created` is unknown to a relay: 0. */
export function openaiModel(id: string): object {
  return { id, object: 'model', created: 0, owned_by: 'openopen8-relay' };
}

/** Returns all models in OpenAI's format. */
export function openaiList(ids: readonly string[]): object {
  return { object: 'list', data: ids.map(openaiModel) };
}

/** Anthropic's own bounds of a page. */
const anthropicPages = { defaultLimit: 20, maximumLimit: 1_000 } as const;

/** Returns a model. The API has 1970 if a release is unknown, and so has the relay. */
export function anthropicModel(id: string): object {
  return { type: 'model', id, display_name: id, created_at: '1970-01-01T00:00:00Z' };
}

/** Returns the page in the query. Throws RelayError `invalid_request` for a bad `limit`. */
export function anthropicPage(ids: readonly string[], query: URLSearchParams): object {
  const limit = Number(query.get('limit') ?? anthropicPages.defaultLimit);
  if (!Number.isInteger(limit) || limit < 1 || limit > anthropicPages.maximumLimit) {
    const message = `limit: must be a whole number from 1 to ${anthropicPages.maximumLimit}.`;
    throw new RelayError('invalid_request', message, { param: 'limit' });
  }
  const after = ids.indexOf(query.get('after_id') ?? '');
  const before = ids.indexOf(query.get('before_id') ?? '');
  const from = before >= 0 ? Math.max(0, before - limit) : after + 1;
  const to = before >= 0 ? before : from + limit;
  const page = ids.slice(from, to);
  const hasMore = before >= 0 ? from > 0 : to < ids.length;
  return {
    data: page.map(anthropicModel),
    has_more: hasMore,
    first_id: page[0] ?? null,
    last_id: page.at(-1) ?? null,
  };
}

/** Google's own bounds of a page; a larger size is taken as the maximum. */
const geminiPages = { defaultSize: 50, maximumSize: 1_000 } as const;

export function geminiModel(id: string): object {
  return {
    name: `models/${id}`,
    version: '001',
    displayName: id,
    supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'countTokens'],
  };
}

/** Returns the page in the query. Throws RelayError `invalid_request` for a bad size or token. */
export function geminiPage(ids: readonly string[], query: URLSearchParams): object {
  const size = Number(query.get('pageSize') ?? geminiPages.defaultSize);
  const from = Number(query.get('pageToken') ?? 0);
  if (!Number.isInteger(size) || size < 0)
    throw new RelayError('invalid_request', 'pageSize: must be a whole number.');
  if (!Number.isInteger(from) || from < 0)
    throw new RelayError('invalid_request', 'pageToken: this is not a token of this list.');
  const to = from + Math.min(size || geminiPages.defaultSize, geminiPages.maximumSize);
  const page = { models: ids.slice(from, to).map(geminiModel) };
  return to < ids.length ? { ...page, nextPageToken: String(to) } : page;
}
