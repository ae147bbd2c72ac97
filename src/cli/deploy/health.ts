// Asks a newly deployed relay whether its database has the schema, which the Worker applies at its first request.
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandFailure, describeError } from '../failure.ts';

/** The state of the schema. `unreachable`: no relay answered at the address in time. */
export type SchemaState =
  | { readonly state: 'applied'; readonly version: string }
  | { readonly state: 'failed' | 'unreachable'; readonly reason: string };

/**
 * Times of the check. A new address of workers.dev takes a while to answer; a deploy waits at most `totalMs` for
 * it.
 */
export interface HealthWait {
  readonly totalMs: number;
  readonly pauseMs: number;
  readonly answerMs: number;
}

const usualWait: HealthWait = { totalMs: 30_000, pauseMs: 1_500, answerMs: 15_000 };

/** Reads DEPLOY_WAIT_SECONDS: how long a deploy waits at most, 0 to 600. Throws CommandFailure for anything else. */
export function healthWaitOf(seconds: string | undefined): HealthWait {
  if (!seconds) return usualWait;
  const totalMs = Number(seconds) * 1_000;
  if (totalMs >= 0 && totalMs <= 600_000) return { ...usualWait, totalMs };
  throw new CommandFailure(
    `DEPLOY_WAIT_SECONDS is ${JSON.stringify(seconds)}; it must be a number from 0 to 600`,
  );
}

/**
 * Calls `GET /api/health` until the schema is ready or the time is up. Returns the relay's last answer. Never
 * rejects.
 */
export async function waitForSchema(address: string, wait: HealthWait = usualWait): Promise<SchemaState> {
  const endsAtMs = Date.now() + wait.totalMs;
  let said: SchemaState | null = null;
  for (;;) {
    const state = await askOnce(address, Math.min(wait.answerMs, Math.max(1, endsAtMs - Date.now())));
    if (state.state !== 'unreachable' || said === null) said = state;
    if (state.state === 'applied' || Date.now() + wait.pauseMs >= endsAtMs) return said;
    await sleep(wait.pauseMs);
  }
}

async function askOnce(address: string, timeoutMs: number): Promise<SchemaState> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(new URL('/api/health', address), { signal, redirect: 'error' });
    const body = (await response.json().catch(() => null)) as { version?: unknown; detail?: unknown } | null;
    if (response.ok && typeof body?.version === 'string') return { state: 'applied', version: body.version };
    if (typeof body?.detail === 'string') return { state: 'failed', reason: body.detail };
    return { state: 'unreachable', reason: `${address} answers ${response.status}, but not as a relay` };
  } catch (error) {
    return { state: 'unreachable', reason: describeError(error) };
  }
}
