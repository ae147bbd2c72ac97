// Failed sign-ins in the audit, in a limited number of rows: equal ones within a quarter of an hour share one row
// with a count. Throws when D1 fails.
import { networkOf } from '../../lib/ip-ranges.ts';
import { hashOfSecret } from './secret-value.ts';

/** The path of failed sign-ins in the audit. */
const failedSignInPath = '/login/failed';

/**
 * Rows of an hour that name the network. Beyond them there is one row for each method and account, so that a
 * flood from many networks neither fills the database nor hides which account it targets.
 */
export const failedSignInRows = { eachHour: 200, togetherMs: 900_000 } as const;

export interface FailedSignIn {
  /** What was tried: a password, the admin key … */
  way: string;
  /** Null: no account has that name. The typed text is not stored, because it may be a password. */
  accountId: string | null;
  ip: string;
  nowMs: number;
}

/** Counts a failed sign-in in its row. */
export async function recordFailedSignIn(db: D1Database, failed: FailedSignIn): Promise<void> {
  const { way, accountId, ip, nowMs } = failed;
  const quarter = Math.floor(nowMs / failedSignInRows.togetherMs);
  const address = networkOf(ip).slice(0, 60);
  const idOf = (place: string) =>
    `aud_${hashOfSecret(JSON.stringify([way, accountId, place, quarter])).slice(0, 16)}`;
  const detailOf = (place: string) => JSON.stringify({ way, address: place, tries: 1 });
  await db
    .prepare(
      `INSERT INTO audit (id, at, account_id, method, path, detail)
       SELECT IIF(known < ?1, ?2, ?3), ?4, ?5, 'POST', ?6, IIF(known < ?1, ?7, ?8)
       FROM (SELECT COUNT(*) AS known FROM audit WHERE at > ?4 - 3600000 AND path = ?6) WHERE true
       ON CONFLICT (id) DO UPDATE SET detail = json_set(detail, '$.tries', (detail ->> '$.tries') + 1)`,
    )
    .bind(
      failedSignInRows.eachHour,
      idOf(address),
      idOf('many'),
      nowMs,
      accountId ?? '',
      failedSignInPath,
      detailOf(address),
      detailOf('many'),
    )
    .run();
}
