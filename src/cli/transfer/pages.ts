// Moves a deployment of any size in pages: a call may use only as many ledgers as a Worker may make calls.
import { callManagement } from './management-call.ts';
import type { TransferOptions } from './options.ts';

type Document = Record<string, unknown>;

/**
 * Tokens of one call in either direction: half of what a Worker on the free plan may call, because imports call
 * twice.
 */
export const tokensOfPage = 400;

/** Returns the whole document of a relay, joined from its pages. */
export async function exportPages(options: TransferOptions): Promise<Document> {
  const first = await callManagement(options, `/api/export?limit=${tokensOfPage}`);
  const tokens = listIn(first, 'tokens');
  for (let cursor = first.next_cursor; typeof cursor === 'string'; ) {
    const path = `/api/export?limit=${tokensOfPage}&cursor=${encodeURIComponent(cursor)}`;
    const page = await callManagement(options, path);
    tokens.push(...listIn(page, 'tokens'));
    cursor = page.next_cursor;
  }
  return { ...first, tokens, ...('next_cursor' in first && { next_cursor: null }) };
}

/**
 * Sends a document in pages, all other sections with the first. Returns the sum of the relay's answers. A
 * failure ends it; running the same import again continues, because nothing is counted twice.
 */
export async function importPages(
  options: TransferOptions,
  document: Document,
  onPage: (done: number, of: number) => void,
): Promise<Document> {
  const tokens = listIn(document, 'tokens');
  const { accounts: _a, groups: _g, channels: _c, prices: _p, aliases: _n, ...rest } = document;
  let sum: Document = {};
  for (let at = 0; at === 0 || at < tokens.length; at += tokensOfPage) {
    const page = tokens.slice(at, at + tokensOfPage);
    const sections = at === 0 ? document : rest;
    sum = added(sum, await callManagement(options, '/api/import', { ...sections, tokens: page }));
    if (tokens.length > tokensOfPage) onPage(Math.min(at + tokensOfPage, tokens.length), tokens.length);
  }
  return sum;
}

/** Adds numbers and joins lists; for anything else the later value counts. */
function added(sum: Document, answer: Document): Document {
  const result: Document = { ...sum };
  for (const [name, value] of Object.entries(answer)) {
    const before = sum[name];
    if (typeof value === 'number' && typeof before === 'number') result[name] = before + value;
    else if (Array.isArray(value) && Array.isArray(before)) result[name] = [...before, ...value];
    else result[name] = value;
  }
  return result;
}

function listIn(document: Document, name: string): unknown[] {
  const list = document[name];
  return Array.isArray(list) ? [...list] : [];
}
