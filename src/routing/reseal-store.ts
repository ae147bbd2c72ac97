// All that lies sealed in D1, sealed anew under the key that seals now. Safe at any time and as often as one likes: a
// row that somebody else writes meanwhile is left to the next pass.
import { type EncryptionKeys, resealed } from '../lib/encryption-keys.ts';
import { encryptionKeyIdOf, type Sealed, type SealedKey } from '../lib/seal.ts';

/** Kept conversations of one call: each may have more than a megabyte. */
export const resealRows = 20;

export interface ResealCount {
  resealed: number;
  /** Sealed under a key that is not known here: they stay as they are. */
  locked: number;
}

/** The keys of every channel. */
export async function resealChannelKeys(db: D1Database, keys: EncryptionKeys): Promise<ResealCount> {
  const { results } = await db
    .prepare(`SELECT id, keys FROM channels WHERE keys <> '[]'`)
    .all<{ id: string; keys: string }>();
  const count = { resealed: 0, locked: 0 };
  for (const row of results) {
    const before = JSON.parse(row.keys) as SealedKey[];
    const outcomes = await Promise.all(before.map((key) => resealed(key, keys)));
    const changed = outcomes.filter(({ outcome }) => outcome === 'resealed').length;
    count.locked += outcomes.filter(({ outcome }) => outcome === 'locked').length;
    if (changed === 0) continue;
    const after = outcomes.map((outcome, index) =>
      outcome.outcome === 'resealed' ? outcome.sealed : before[index],
    );
    const { meta } = await db
      .prepare('UPDATE channels SET keys = ? WHERE id = ? AND keys = ?')
      .bind(JSON.stringify(after), row.id, row.keys)
      .run();
    count.resealed += meta.changes > 0 ? changed : 0;
  }
  return count;
}

/** Some kept conversations, in the order of their ids, after `after`. `next`: null when these were the last. */
export async function resealConversations(
  db: D1Database,
  keys: EncryptionKeys,
  after: string,
): Promise<ResealCount & { next: string | null }> {
  const currentId = keys.seal === null ? '' : await encryptionKeyIdOf(keys.seal);
  const { results } = await db
    .prepare('SELECT id, sealed FROM conversations WHERE id > ? AND instr(sealed, ?) = 0 ORDER BY id LIMIT ?')
    .bind(after, currentId, resealRows)
    .all<{ id: string; sealed: string }>();
  const count = { resealed: 0, locked: 0 };
  for (const { id, sealed } of results) {
    const outcome = await resealed(JSON.parse(sealed) as Sealed, keys);
    if (outcome.outcome === 'locked') count.locked += 1;
    if (outcome.outcome !== 'resealed') continue;
    const { meta } = await db
      .prepare('UPDATE conversations SET sealed = ? WHERE id = ? AND sealed = ?')
      .bind(JSON.stringify(outcome.sealed), id, sealed)
      .run();
    count.resealed += meta.changes;
  }
  return { ...count, next: results.length < resealRows ? null : (results.at(-1)?.id ?? null) };
}
