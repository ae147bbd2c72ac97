// The relay's own comparisons of its ledgers with its log, page by page: for any number of tokens, with one page
// in memory.
import { CommandFailure } from '../failure.ts';
import { callManagement } from '../transfer/management-call.ts';
import type { TransferOptions } from '../transfer/options.ts';

export interface Difference {
  readonly check: string;
  readonly unit: string;
  readonly expected: number;
  readonly found: number;
}

/** One token's, as /api/reconciliation answers it. */
export interface Comparison {
  readonly token_id: string;
  readonly name: string;
  readonly ledger_usd: number;
  readonly log_usd: number;
  readonly pending_rows: number;
  readonly pending_usd: number;
  readonly busy: boolean;
  readonly differences: readonly Difference[];
}

const tokensOfPage = 50;

/** Yields all tokens' comparisons. Fails when the relay cannot make one, so that nothing is skipped silently. */
export async function* comparisons(options: TransferOptions): AsyncGenerator<Comparison> {
  for (let cursor: unknown = ''; typeof cursor === 'string'; ) {
    const query = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await callManagement(options, `/api/reconciliation?limit=${tokensOfPage}${query}`);
    if (!Array.isArray(page.data))
      throw new CommandFailure(`${options.url.origin} answered no list of tokens`);
    yield* page.data as Comparison[];
    cursor = page.next_cursor;
  }
}

/** Makes the relay repair one token's log. Returns the differences that are left. */
export async function repair(options: TransferOptions, tokenId: string): Promise<Comparison> {
  const answer = await callManagement(options, `/api/reconciliation/${encodeURIComponent(tokenId)}`, {});
  return answer as unknown as Comparison;
}
