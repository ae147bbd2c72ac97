// Is the relay up? GET /api/health, asked until it answers.
import { setTimeout as delay } from 'node:timers/promises';
import { CommandFailure, describeError } from '../failure.ts';

const deadlineMs = 30_000;
const pauseMs = 50;

/** Resolves when the relay at the address answers its health check; a failure after thirty seconds. */
export async function waitForHealth(url: string): Promise<void> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const problem = await healthProblem(url);
    if (problem === null) return;
    if (Date.now() > end) throw new CommandFailure(`the relay at ${url} does not answer: ${problem}`);
    await delay(pauseMs);
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
