// Deletes a person's data: everything in D1 that says who an account belonged to. The id stays, because the log
// and the sums use it. Throws when D1 fails; safe to repeat.

/** The personal fields of the audit besides ids; they are removed for a deleted account. */
const personalFields = ['name', 'email', 'label', 'address'];

/**
 * Deletes an account's login methods and stored data, and empties its row, in one transaction. Its tokens must
 * be deleted already. The row stays, so that an import cannot restore the account.
 */
export async function erasePerson(db: D1Database, id: string, nowMs: number): Promise<void> {
  const person = await db
    .prepare('SELECT name, email FROM accounts WHERE id = ?')
    .bind(id)
    .first<{ name: string; email: string | null }>();
  if (person === null) return;
  const owned = ['sessions', 'access_keys', 'passkeys', 'identities', 'conversations', 'upstream_ids'];
  await db.batch([
    ...owned.map((table) => db.prepare(`DELETE FROM ${table} WHERE account_id = ?`).bind(id)),
    db.prepare('DELETE FROM invites WHERE invited_by = ?').bind(id),
    ...(person.email === null ? [] : traces(db, person.email)),
    ...auditOf(db, id, person.name),
    db.prepare(`UPDATE tokens SET name = '', admin = NULL WHERE account_id = ?`).bind(id),
    db
      .prepare(
        `UPDATE accounts SET name = '', email = NULL, email_proven = 0, password = NULL, last_login_at = NULL,
           role = 'member', status = 'disabled', group_name = NULL, models = '[]', tokens_expire_at = NULL,
           budget_nano_usd = NULL, budget_period = NULL, deleted_at = ? WHERE id = ?`,
      )
      .bind(nowMs, id),
  ]);
}

/** Everything that contains the email: counters of sign-ins, and the audit entries of others. */
function traces(db: D1Database, email: string): D1PreparedStatement[] {
  return [
    db.prepare('DELETE FROM login_tries WHERE instr(counted_for, ?) > 0').bind(email),
    db.prepare(`UPDATE audit SET detail = replace(detail, ?1, '') WHERE instr(detail, ?1) > 0`).bind(email),
  ];
}

/** The audit entries of the person's actions, of changes to the account and its tokens, and of its invitation. */
function auditOf(db: D1Database, id: string, name: string): D1PreparedStatement[] {
  const paths = personalFields.map((field) => `'$.${field}'`).join(', ');
  // Text that was cut for its length is not valid JSON.
  const without = `IIF(json_valid(detail), json_remove(detail, ${paths}), '')`;
  return [
    db
      .prepare(
        `UPDATE audit SET detail = json_remove(detail, '$.name') WHERE path = '/invites' AND json_valid(detail)
         AND (detail ->> '$.name' = ?1 OR detail ->> '$.id' IN (
           SELECT detail ->> '$.invitation' FROM audit WHERE account_id = ?2 AND path = '/invite' AND json_valid(detail)))`,
      )
      .bind(name, id),
    db
      .prepare(
        `UPDATE audit SET detail = ${without} WHERE detail <> '' AND (account_id = ?1 OR path = '/accounts/' || ?1
           OR path IN (SELECT '/tokens/' || id FROM tokens WHERE account_id = ?1))`,
      )
      .bind(id),
  ];
}
