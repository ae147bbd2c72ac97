// Anthropic's list of models, paged by `limit`, `after_id` and `before_id`.
// https://docs.anthropic.com/en/api/models-list
import { RelayError } from '../../lib/relay-error.ts';

/** Anthropic's own bounds of a page. */
const anthropicPages = { defaultLimit: 20, maximumLimit: 1_000 } as const;

/** The API gives 1970 where it does not know when a model was released; so does the relay. */
export function anthropicModel(id: string): object {
  return { type: 'model', id, display_name: id, created_at: '1970-01-01T00:00:00Z' };
}

/** The page that the query asks for. Throws RelayError `invalid_request` for a bad `limit`. */
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
