// Gemini's list of models, paged by `pageSize` and `pageToken`. https://ai.google.dev/api/models
import { RelayError } from '../../lib/relay-error.ts';

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

/** The page that the query asks for. Throws RelayError `invalid_request` for a bad size or token. */
export function geminiPage(ids: readonly string[], query: URLSearchParams): object {
  const size = Number(query.get('pageSize') ?? geminiPages.defaultSize);
  const from = Number(query.get('pageToken') ?? 0);
  if (!Number.isInteger(size) || size < 0)
    throw new RelayError('invalid_request', 'pageSize: must be a whole number.');
  if (!Number.isInteger(from) || from < 0)
    throw new RelayError('invalid_request', 'pageToken: is none that was given.');
  const to = from + Math.min(size || geminiPages.defaultSize, geminiPages.maximumSize);
  const page = { models: ids.slice(from, to).map(geminiModel) };
  return to < ids.length ? { ...page, nextPageToken: String(to) } : page;
}
