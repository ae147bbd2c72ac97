// Counts tries of passwords in D1, atomically. D1 failing is thrown: then nobody logs in.
import { countedFor, loginLimits } from './login-limits.ts';

/**
 * Counts a try; answers whether it is within every limit. An address that has tried too much adds no rows, whomever it
 * names, and counts against nobody else any more.
 */
export async function mayTry(db: D1Database, email: string, ip: string, nowMs: number): Promise<boolean> {
  const counted = countedFor(email, ip);
  const [address = ''] = counted[0] ?? [];
  const [, ...answers] = await db.batch<{ tries: number }>([
    db.prepare('DELETE FROM login_tries WHERE until <= ?').bind(nowMs),
    ...counted.map(([name]) =>
      db
        .prepare(
          `INSERT INTO login_tries (counted_for, tries, until)
           SELECT ?1, 1, ?2 WHERE ?1 = ?3 OR ?4 >= (SELECT tries FROM login_tries WHERE counted_for = ?3)
           ON CONFLICT (counted_for) DO UPDATE SET tries = tries + 1 RETURNING tries`,
        )
        .bind(name, nowMs + loginLimits.windowMs, address, loginLimits.sameAddress),
    ),
  ]);
  return counted.every(([, limit], index) => {
    const tries = answers[index]?.results[0]?.tries;
    return tries !== undefined && tries <= limit;
  });
}

/** The password was right: what was tried before it, by the same person at the same place, counts no longer. */
export async function forgetTries(db: D1Database, email: string, ip: string): Promise<void> {
  const [, ...names] = countedFor(email, ip).map(([name]) => name);
  await db
    .prepare('DELETE FROM login_tries WHERE counted_for IN (?, ?)')
    .bind(...names)
    .run();
}
