// Seals everything in D1 again with the current key. Safe at any time and repeatable: a row that changes meanwhile
// is left to the next pass.
import { type EncryptionKeys, resealed } from '../lib/encryption-keys.ts';
import { encryptionKeyIdOf, type Sealed, type SealedKey } from '../lib/seal.ts';

/** Stored conversations per call: each may have more than a megabyte. */
export const resealRows = 20;

export interface ResealCount {
  resealed: number;
  /** Sealed with an unknown key: they stay unchanged. */
  locked: number;
}

/** Seals the keys of every channel again. */
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

/** Seals some stored conversations again, ordered by id, after `after`. `next` is null when these were the last. */
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
