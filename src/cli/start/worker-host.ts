// The process that runs the Worker: wrangler's runtime, the local database's schema, the hourly cron.
// It leads its own process group and lives no longer than the process that started it: when that one's
// channel closes, for whatever reason, everything in the group is ended.
import { once } from 'node:events';
import { devNull } from 'node:os';
import { unstable_DevEnv as DevelopmentServer } from 'wrangler';
import { hasMetaQuery, schemaVersionQuery } from '../../lib/schema-store.ts';
import { describeError } from '../failure.ts';
import { inRepository } from '../repository.ts';
import { stepsFrom } from '../schema-files.ts';

/** What the parent sends first. Secrets travel here: never on a command line, never in an environment. */
export interface HostOrder {
  readonly host: string;
  readonly port: number;
  readonly stateDirectory: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** What the parent hears: once, either of these. */
export type HostReport =
  | { readonly kind: 'ready'; readonly url: string }
  | { readonly kind: 'failed'; readonly reason: string };

type LocalWorker = Awaited<ReturnType<DevelopmentServer['startWorker']>>;

const stopDeadlineMs = 2500;
const cron = { expression: '17 * * * *', minute: 17 };

process.once('message', (order: HostOrder) => {
  run(order).catch((error: unknown) => fail(describeError(error)));
});
process.once('disconnect', () => endGroup());

async function run(order: HostOrder): Promise<void> {
  const server = new DevelopmentServer();
  stopWhenAsked(server);
  server.on('buildFailed', () => fail('the Worker does not build (see above)'));
  server.on('error', (event: unknown) => fail(describeError(causeOf(event))));
  const running = once(server, 'reloadComplete');
  const worker = await server.startWorker(workerOptions(order));
  await running;
  await applySchema(server);
  runCron(worker);
  report({ kind: 'ready', url: String(await worker.url) });
}

function stopWhenAsked(server: DevelopmentServer): void {
  const stop = () => stopServer(server);
  process.removeAllListeners('disconnect');
  process.once('disconnect', stop);
  process.once('SIGTERM', stop);
  // The parent decides about Ctrl-C.
  process.on('SIGINT', () => {});
}

function workerOptions(order: HostOrder): Parameters<DevelopmentServer['startWorker']>[0] {
  const secrets = Object.entries(order.variables).map(
    ([name, value]) => [name, { type: 'secret_text', value }] as const,
  );
  return {
    config: inRepository('wrangler.toml'),
    // Else wrangler reads .dev.vars itself, start's own settings included.
    envFiles: [devNull],
    bindings: Object.fromEntries(secrets),
    build: { nodejsCompatMode: 'v2' },
    dev: {
      server: { hostname: order.host, port: order.port },
      persist: order.stateDirectory,
      remote: false,
      watch: false,
      inspector: false,
      inferOriginFromRoutes: false,
      logLevel: 'error',
      structuredLogsHandler: ({ message }: { message: string }) => process.stdout.write(`${message}\n`),
    },
  };
}

/** Through the runtime that is up already: a second one (`wrangler d1 execute`) costs two seconds more. */
async function applySchema(server: DevelopmentServer): Promise<void> {
  const runtime = server.runtimes[0]?.mf;
  if (runtime === undefined) throw new Error('wrangler has no local runtime');
  const database = await runtime.getD1Database('DB');
  const isNew = (await database.prepare(hasMetaQuery).first()) === null;
  const version = isNew ? null : Number(await database.prepare(schemaVersionQuery).first('value'));
  for (const { statements } of stepsFrom(version)) {
    await database.batch(statements.map((statement) => database.prepare(statement)));
  }
}

/** The local runtime does not fire cron triggers by itself. */
function runCron(worker: LocalWorker): void {
  const timer = setInterval(() => {
    const now = new Date();
    if (now.getMinutes() !== cron.minute) return;
    worker
      .scheduled({ cron: cron.expression, scheduledTime: now })
      .catch((error: unknown) => console.error(`cron: ${describeError(error)}`));
  }, 60_000);
  timer.unref();
}

async function stopServer(server: DevelopmentServer): Promise<void> {
  setTimeout(endGroup, stopDeadlineMs);
  await server.teardown().catch(() => {});
  endGroup();
}

function fail(reason: string): void {
  report({ kind: 'failed', reason });
  setTimeout(endGroup, 100);
}

function report(message: HostReport): void {
  if (process.connected) process.send?.(message);
}

/** Ends every process of the group, this one too: nothing of wrangler's may outlive it. */
function endGroup(): void {
  try {
    process.kill(process.platform === 'win32' ? process.pid : -process.pid, 'SIGKILL');
  } catch {
    process.exit(1);
  }
}

function causeOf(event: unknown): unknown {
  return typeof event === 'object' && event !== null && 'cause' in event ? event.cause : event;
}
