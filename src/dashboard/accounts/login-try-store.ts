// Counts tries of passwords in D1, atomically. D1 failing is thrown: then nobody logs in.
import { countedFor, loginLimits } from './login-limits.ts';

/** Counts a try; answers whether it is within every limit. */
export async function mayTry(db: D1Database, email: string, ip: string, nowMs: number): Promise<boolean> {
  const counted = countedFor(email, ip);
  const [, ...answers] = await db.batch<{ tries: number }>([
    db.prepare('DELETE FROM login_tries WHERE until <= ?').bind(nowMs),
    ...counted.map(([name]) =>
      db
        .prepare(
          `INSERT INTO login_tries (counted_for, tries, until) VALUES (?, 1, ?)
           ON CONFLICT (counted_for) DO UPDATE SET tries = tries + 1 RETURNING tries`,
        )
        .bind(name, nowMs + loginLimits.windowMs),
    ),
  ]);
  return counted.every(([, limit], index) => (answers[index]?.results[0]?.tries ?? 0) <= limit);
}

/** The password was right: what was tried before it, by the same person at the same place, counts no longer. */
export async function forgetTries(db: D1Database, email: string, ip: string): Promise<void> {
  const names = countedFor(email, ip).map(([name]) => name);
  await db.prepare('DELETE FROM login_tries WHERE counted_for IN (?, ?)').bind(names[0], names[2]).run();
}
