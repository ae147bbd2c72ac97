// `npm start`: the relay on this machine with a demo upstream beside it. No account, no key, no internet.
import { setTimeout as delay } from 'node:timers/promises';
import { demoModels } from './demo-upstream/models.ts';
import { type DemoUpstream, startDemoUpstream } from './demo-upstream/server.ts';
import { CommandFailure, describeError, runProgram } from './failure.ts';
import { launchWorker, type WorkerProcess } from './host/launch.ts';
import { banner } from './start/banner.ts';
import { obtainDemoToken } from './start/demo-token.ts';
import { claimPort } from './start/port.ts';
import { sampleModels } from './start/sample-models.ts';
import { readSettings, type StartSettings, withSecrets } from './start/settings.ts';
import { stopRequests } from './start/stop-request.ts';

const healthDeadlineMs = 30_000;
const healthPauseMs = 50;

await runProgram(start);
// Kept-alive connections would hold the process for seconds.
process.exit();

async function start(): Promise<void> {
  const requests = stopRequests();
  const wanted = readSettings(process.env);
  const port = await claimPort(wanted.host, wanted.port);
  const settings = withSecrets({ ...wanted, port });
  const { host, stateDirectory, trustedProxy } = settings;
  const demo = settings.demo ? await startDemoUpstream() : null;
  const variables = variablesFor(settings, demo);
  const worker = launchWorker({ host, port, stateDirectory, variables, trustedProxy });
  try {
    await Promise.race([requests.stop, announce(worker, settings, demo)]);
    await Promise.race([requests.stop, worker.ended.then(diedUnasked)]);
  } finally {
    void requests.stopNow.then(() => worker.kill());
    const notice = setTimeout(explainWait, 500);
    await worker.stop();
    clearTimeout(notice);
    await demo?.close();
  }
}

function explainWait(): void {
  console.log('Stopping: open streams may finish for up to 10 seconds. Press Ctrl-C again to stop at once.');
}

async function announce(
  worker: WorkerProcess,
  settings: StartSettings & { adminKey: string },
  demo: DemoUpstream | null,
): Promise<void> {
  console.log('Starting the relay …');
  await worker.ready;
  const url = addressOf(settings);
  await waitForHealth(url);
  const { adminKey, devVarsFile, demoToken: stored } = settings;
  const demoToken = await obtainDemoToken({ url, adminKey, devVarsFile, stored }).catch(explainMissingToken);
  const models = demoToken === null ? null : await sampleModels(url, demoToken);
  console.log(banner({ url, adminKey, demoToken, demoUrl: demo?.url ?? null, models }));
}

function variablesFor(settings: StartSettings, demo: DemoUpstream | null): Record<string, string> {
  const { DEMO_BASE_URL: _url, DEMO_MODELS: _models, ...own } = settings.workerVariables;
  // Nothing is fetched here without a request.
  const variables = { PRICES_URL: 'off', ...own };
  if (demo === null) return variables;
  return { ...variables, DEMO_BASE_URL: demo.url, DEMO_MODELS: JSON.stringify(demoModels) };
}

/** The address for people: clients cannot call a wildcard address. */
function addressOf({ host, port }: StartSettings): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** The relay is useful without its demo token: report the failure, and continue. */
function explainMissingToken(error: unknown): null {
  console.error(describeError(error));
  return null;
}

function diedUnasked(): never {
  throw new CommandFailure('the process that ran the relay ended unexpectedly (see above)');
}

/** Resolves when the relay at the address answers its health check. Rejects with CommandFailure after thirty seconds. */
async function waitForHealth(url: string): Promise<void> {
  const end = Date.now() + healthDeadlineMs;
  for (;;) {
    const problem = await healthProblem(url);
    if (problem === null) return;
    if (Date.now() > end) throw new CommandFailure(`the relay at ${url} does not answer: ${problem}`);
    await delay(healthPauseMs);
  }
}

async function healthProblem(url: string): Promise<string | null> {
  try {
    const response = await fetch(new URL('/api/health', url), { signal: AbortSignal.timeout(5000) });
    const text = await response.text();
    return response.ok ? null : `${response.status} ${text.slice(0, 1_000)}`;
  } catch (error) {
    return describeError(error);
  }
}
