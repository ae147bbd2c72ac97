// Runs the cron triggers of wrangler.toml, which workerd does not.
import { Cron } from 'croner';
import { describeError } from '../failure.ts';

/**
 * Calls `run` at the times of the expressions, in UTC as on Cloudflare, but not while its last call for the same
 * expression is running. Reports failures on stderr. Returns a function that stops it.
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
