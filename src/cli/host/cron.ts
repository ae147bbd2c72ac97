// The cron triggers of wrangler.toml: workerd by itself fires none.
import { Cron } from 'croner';
import { describeError } from '../failure.ts';

/**
 * Calls `run` at the times of the expressions, in UTC as on Cloudflare, and never while its last call for the same expression goes on.
 * A failure is reported on stderr. Returns what ends it.
 */
export function startCron(expressions: readonly string[], run: (cron: string) => Promise<void>): () => void {
  const jobs = expressions.map(
    (cron) =>
      new Cron(cron, { timezone: 'UTC', unref: true, protect: true }, async () => {
        try {
          await run(cron);
        } catch (error) {
          console.error(`cron ${cron}: ${describeError(error)}`);
        }
      }),
  );
  return () => {
    for (const job of jobs) job.stop();
  };
}
