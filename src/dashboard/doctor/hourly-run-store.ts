// When the hourly work last ran, and what failed: a row of the table meta, which earlier versions ignore.

/** A run of the hourly work. */
export interface HourlyRun {
  /** When it began, in milliseconds since 1970. */
  readonly atMs: number;
  /** Why parts of it failed. */
  readonly failures: readonly string[];
}

const key = 'hourly_run';

/** How many failures of a run are recorded, and how many characters of each. */
export const recordedFailures = { count: 10, characters: 300 } as const;

/** Records a run, replacing the last one. Rejects when the database does not answer. */
export async function recordHourlyRun(db: D1Database, { atMs, failures }: HourlyRun): Promise<void> {
  const { count, characters } = recordedFailures;
  const recorded = failures.slice(0, count).map((failure) => failure.slice(0, characters));
  await db
    .prepare(
      'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    )
    .bind(key, JSON.stringify({ atMs, failures: recorded }))
    .run();
}

/** Returns the last run, or null if none is recorded. */
export async function lastHourlyRun(db: D1Database): Promise<HourlyRun | null> {
  const value = await db.prepare('SELECT value FROM meta WHERE key = ?').bind(key).first<string>('value');
  return value === null ? null : (JSON.parse(value) as HourlyRun);
}

/** Returns when the first token was created, in milliseconds since 1970, or null when there are no tokens. */
export async function firstTokenAtMs(db: D1Database): Promise<number | null> {
  return await db.prepare('SELECT MIN(created_at) AS first FROM tokens').first<number>('first');
}
