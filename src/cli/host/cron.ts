// The cron triggers of wrangler.toml: workerd by itself fires none.
import { Cron } from 'croner';
import { describeError } from '../failure.ts';
import { callWorker } from './control-call.ts';

/** Runs the Worker's scheduled work at the times of the expressions, in UTC as on Cloudflare. Returns what ends it. */
export function startCron(expressions: readonly string[], controlSocket: string): () => void {
  const jobs = expressions.map(
    (cron) =>
      new Cron(cron, { timezone: 'UTC', unref: true, protect: true }, async () => {
        try {
          await callWorker(controlSocket, '/scheduled', { cron });
        } catch (error) {
          console.error(`cron ${cron}: ${describeError(error)}`);
        }
      }),
  );
  return () => {
    for (const job of jobs) job.stop();
  };
}
