// Counts sign-in tries in D1, atomically. Throws when D1 fails: then nobody can sign in.
import { loginLimits, type TryCounter } from './login-limits.ts';

export type Try = { outcome: 'taken' } | { outcome: 'refused'; retryAfterMs: number };

/**
 * Counts a try, unless one of its counters is used up. A refused try counts nowhere and writes no row: it
 * prolongs no wait, and a flood cannot fill the database.
 */
export async function takeTry(db: D1Database, counters: readonly TryCounter[], nowMs: number): Promise<Try> {
  const given = givenOf(counters);
  const [, taken, usedUp] = await db.batch<{ until: number | null }>([
    db.prepare('DELETE FROM login_tries WHERE until <= ?').bind(nowMs),
    db
      .prepare(
        `INSERT INTO login_tries (counted_for, tries, until)
         SELECT value ->> '$.countedFor', 1, ?2 FROM json_each(?1) WHERE NOT EXISTS (${usedUpSql})
         ON CONFLICT (counted_for) DO UPDATE SET tries = tries + 1 RETURNING until`,
      )
      .bind(given, nowMs + loginLimits.windowMs),
    db.prepare(latestEndSql).bind(given),
  ]);
  if ((taken?.results.length ?? 0) > 0) return { outcome: 'taken' };
  return { outcome: 'refused', retryAfterMs: waitOf(usedUp?.results[0]?.until, nowMs) };
}

/** Returns whether a counter is used up, without counting. */
export async function checkTries(
  db: D1Database,
  counters: readonly TryCounter[],
  now: () => number,
): Promise<Try> {
  const until = await db.prepare(latestEndSql).bind(givenOf(counters)).first<number | null>('until');
  const retryAfterMs = until === null ? 0 : until - now();
  return retryAfterMs > 0 ? { outcome: 'refused', retryAfterMs } : { outcome: 'taken' };
}

/** Records a success: neither this try nor the person's earlier ones count as failed. */
export async function forgetTries(db: D1Database, counters: readonly TryCounter[]): Promise<void> {
  await db.batch(
    counters.map(({ countedFor, isPersonal }) =>
      db
        .prepare(
          isPersonal
            ? 'DELETE FROM login_tries WHERE counted_for = ?'
            : 'UPDATE login_tries SET tries = tries - 1 WHERE counted_for = ? AND tries > 0',
        )
        .bind(countedFor),
    ),
  );
}

/** Uses up a one-time value until it expires. Returns false if it was used before. `hash`: of the value. */
export async function useOnce(db: D1Database, hash: string, untilMs: number): Promise<boolean> {
  const { meta } = await db
    .prepare(`INSERT INTO login_tries (counted_for, tries, until) VALUES (?, 1, ?) ON CONFLICT DO NOTHING`)
    .bind(`once ${hash}`, untilMs)
    .run();
  return meta.changes > 0;
}

/** Counters of `?1` that are used up. */
const usedUpSql = `SELECT 1 FROM login_tries JOIN json_each(?1) AS given
  ON counted_for = given.value ->> '$.countedFor' WHERE tries >= given.value ->> '$.limit'`;

const latestEndSql = usedUpSql.replace('SELECT 1', 'SELECT MAX(until) AS until');

function givenOf(counters: readonly TryCounter[]): string {
  return JSON.stringify(counters.map(({ countedFor, limit }) => ({ countedFor, limit })));
}

function waitOf(untilMs: number | null | undefined, nowMs: number): number {
  return Math.max(1_000, (untilMs ?? nowMs + loginLimits.windowMs) - nowMs);
}
