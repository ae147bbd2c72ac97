// Invitations in D1, each as the hash of its secret. Throws when D1 fails.
import type { Invite } from './account.ts';
import { unlessTaken } from './account-store.ts';
import { type Identity, linkOfNew } from './identity-store.ts';

/** An account that an invitation creates. */
export interface NewAccount {
  id: string;
  name: string;
  email: string | null;
  /** Its hash. Null: it signs in with `identity`. */
  password: string | null;
  identity?: Identity;
  /** An identity provider has verified the email. */
  isEmailProven: boolean;
  nowMs: number;
}

export async function addInvite(
  db: D1Database,
  hash: string,
  invite: Invite,
  invitedBy: string,
): Promise<void> {
  const { id, name, role, createdAtMs, expiresAtMs } = invite;
  await db.batch([
    db.prepare('DELETE FROM invites WHERE expires_at <= ?').bind(createdAtMs),
    db
      .prepare(
        'INSERT INTO invites (hash, id, name, role, created_at, expires_at, invited_by) VALUES (?, ?, ?, ?, ?, ?, ?)',
      )
      .bind(hash, id, name, role, createdAtMs, expiresAtMs, invitedBy),
  ]);
}

/** Returns unused invitations that have not expired, newest first. */
export async function openInvites(db: D1Database, nowMs: number): Promise<Invite[]> {
  const { results } = await db
    .prepare(
      `SELECT id, name, role, created_at AS createdAtMs, expires_at AS expiresAtMs FROM invites
       WHERE expires_at > ? ORDER BY created_at DESC`,
    )
    .bind(nowMs)
    .all<Invite>();
  return results;
}

/** Returns null if it does not exist, has expired, or was used. */
export function findInvite(
  db: D1Database,
  hash: string,
  nowMs: number,
): Promise<Pick<Invite, 'id' | 'name' | 'role'> | null> {
  return db
    .prepare('SELECT id, name, role FROM invites WHERE hash = ? AND expires_at > ?')
    .bind(hash, nowMs)
    .first<Pick<Invite, 'id' | 'name' | 'role'>>();
}

/** Returns false if there is no such invitation. */
export async function deleteInvite(db: D1Database, id: string): Promise<boolean> {
  const { meta } = await db.prepare('DELETE FROM invites WHERE id = ?').bind(id).run();
  return meta.changes > 0;
}

/**
 * Creates the invitation's account and uses the invitation up, in one transaction: of two concurrent requests
 * only one gets the account. `taken`: the email or the identity has an account; the invitation stays valid.
 */
export async function acceptInvite(
  db: D1Database,
  hash: string,
  account: NewAccount,
): Promise<'accepted' | 'taken' | 'gone'> {
  const { id, name, email, password, identity, isEmailProven, nowMs } = account;
  const outcome = await unlessTaken(
    db.batch([
      db
        .prepare(
          `INSERT INTO accounts (id, name, email, role, password, created_at, email_proven)
           SELECT ?, ?, ?, role, ?, ?, ? FROM invites WHERE hash = ? AND expires_at > ?`,
        )
        .bind(id, name, email, password, nowMs, isEmailProven ? 1 : 0, hash, nowMs),
      ...(identity === undefined ? [] : [linkOfNew(db, id, identity, nowMs)]),
      db.prepare('DELETE FROM invites WHERE hash = ?').bind(hash),
    ]),
  );
  if (outcome === 'taken') return 'taken';
  return (outcome[0]?.meta.changes ?? 0) > 0 ? 'accepted' : 'gone';
}
