// The names of what an alert is about, from D1. An alert without names is better than none, so this never rejects.
import { withTimer } from '../lib/deadline-timer.ts';
import type { AlertFacts } from './alert-event.ts';

/** An alert does not wait longer for names: the database may be what it is about. */
const waitMs = 2_000;

const queries = {
  token: 'SELECT name FROM tokens WHERE id = ?',
  channel: 'SELECT name FROM channels WHERE id = ?',
  account: 'SELECT name FROM accounts WHERE id = ?',
} as const;

/** Returns the facts with the names of their ids, as far as they are known in time. */
export async function withNames(facts: AlertFacts, db: D1Database): Promise<AlertFacts> {
  const found = Object.entries(queries).map(async ([kind, query]) => {
    const id = facts[`${kind}_id`];
    if (typeof id !== 'string') return {};
    const row = await db.prepare(query).bind(id).first<{ name: string }>();
    return row === null ? {} : { [`${kind}_name`]: row.name };
  });
  const names = await withTimer(
    Promise.all(found).catch(() => null),
    waitMs,
  );
  return Object.assign({}, facts, ...(names ?? []));
}
