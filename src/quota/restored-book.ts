// A ledger's memory after a reset, from what its storage has.
import { Book, rememberMs } from './book.ts';
import { type Checkpoint, type LedgerStore, noTotals } from './ledger-store.ts';

/** The book with its totals, the requests settled of late, and the holds of the newest checkpoint. */
export function restoredBook(store: LedgerStore, checkpoint: Checkpoint | null, nowMs: number): Book {
  const book = new Book(store.lastJournal()?.totals ?? noTotals);
  store.visitJournalSince(nowMs - rememberMs, ({ rows, atMs }) => {
    for (const row of rows) book.remember(row, atMs);
  });
  for (const hold of checkpoint?.holds ?? []) book.restore(hold, nowMs);
  book.distrustUpTo(checkpoint?.ceilingNanoUsd ?? 0, checkpoint?.unknown ?? [], nowMs);
  return book;
}
