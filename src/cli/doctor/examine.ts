// The checks of `npm run doctor`: whether a relay answers at the address, and the relay's own checks from inside.
import { describeError } from '../failure.ts';
import { isLocal } from '../transfer/options.ts';

/** One finding, as GET /api/doctor has them. */
export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'broken';
  readonly code: string;
  readonly detail: string;
  readonly remedy: string | null;
}

/** The relay to check, its key, and the timeout of an answer. */
export interface Examination {
  readonly url: URL;
  readonly key: string;
  readonly timeoutMs?: { readonly health: number; readonly doctor: number };
}

/** Longer than the relay's own checks may take; a first request may apply the schema. */
const usualTimeoutMs = { health: 30_000, doctor: 90_000 };

/** Returns all findings. If one prevents the remaining checks, it is the last. Never rejects. */
export async function examine({ url, key, timeoutMs = usualTimeoutMs }: Examination): Promise<Finding[]> {
  const health = await ask(new URL('/api/health', url), timeoutMs.health);
  const outside = healthFinding(url, health);
  if (outside.status === 'broken' && outside.code !== 'not_ready') return [outside];
  const inside = await ask(new URL('/api/doctor', url), timeoutMs.doctor, key);
  const { findings } = bodyOf(inside);
  if (Array.isArray(findings)) {
    const inner = findings.map((found) => forThisHost(found as Finding, url));
    // The relay itself reports why it is not ready.
    const isExplained = inner.some(({ check, status }) => check === outside.check && status === 'broken');
    return isExplained ? inner : [outside, ...inner];
  }
  return outside.status === 'broken' ? [outside] : [outside, refusalFinding(url, inside)];
}

type Answer = { readonly status: number; readonly body: unknown } | { readonly error: string };

async function ask(url: URL, timeoutMs: number, key?: string): Promise<Answer> {
  try {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    // A redirect elsewhere must not carry the key along.
    const response = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
    return { status: response.status, body: await response.json().catch(() => null) };
  } catch (error) {
    return { error: describeError(error) };
  }
}

interface Body {
  readonly version?: unknown;
  readonly detail?: unknown;
  readonly findings?: unknown;
}

function bodyOf(answer: Answer): Body {
  return 'body' in answer && typeof answer.body === 'object' ? (answer.body ?? {}) : {};
}

function broken(check: string, code: string, detail: string, remedy: string): Finding {
  return { check, status: 'broken', code, detail, remedy };
}

function healthFinding(url: URL, answer: Answer): Finding {
  if ('error' in answer) {
    const remedy = isLocal(url)
      ? 'Start it: npm start. Another port is PORT, or --url http://localhost:PORT.'
      : 'Check the address (npx wrangler deployments status says what is deployed; a new workers.dev address takes a minute), or deploy: npx wrangler deploy';
    return broken('address', 'unreachable', `${url.origin} cannot be reached: ${answer.error}`, remedy);
  }
  const { version, detail } = bodyOf(answer);
  if (answer.status === 200 && typeof version === 'string') {
    const found = `${url.origin} answers, version ${version}.`;
    return { check: 'address', status: 'ok', code: 'ok', detail: found, remedy: null };
  }
  if (answer.status === 503 && typeof detail === 'string') {
    const remedy = isLocal(url)
      ? 'Update and start it again: git pull && npm ci && npm start'
      : 'Deploy the newest version: git pull && npx wrangler deploy. If the database does not answer: npx wrangler d1 list, and https://www.cloudflarestatus.com';
    return broken('schema', 'not_ready', detail, remedy);
  }
  const remedy = 'Pass the relay’s own address with --url, without a path.';
  return broken(
    'address',
    'not_a_relay',
    `${url.origin} answers ${answer.status}, but not as a relay.`,
    remedy,
  );
}

function refusalFinding(url: URL, answer: Answer): Finding {
  const logs = isLocal(url) ? 'See what `npm start` prints.' : 'See the log of the Worker: npx wrangler tail';
  if ('error' in answer) return broken('doctor', 'no_answer', `No result: ${answer.error}`, logs);
  const detail = String(bodyOf(answer).detail ?? `/api/doctor answers ${answer.status}`);
  switch (answer.status) {
    case 401:
    case 403: {
      const remedy =
        'Pass that relay’s ADMIN_KEY with --key, or in the environment. If it is lost, set another: openssl rand -hex 32 | npx wrangler secret put ADMIN_KEY';
      return broken('secrets', 'admin_key_refused', detail, remedy);
    }
    case 404: {
      const remedy = 'Update the relay: git pull && npx wrangler deploy';
      return broken('doctor', 'relay_too_old', 'This relay is older than this check.', remedy);
    }
    case 429:
      return broken(
        'secrets',
        'too_many_wrong_keys',
        detail,
        'Wait a quarter of an hour, then pass the right key.',
      );
    default: {
      const isUnset = answer.status === 503 && /ADMIN_KEY is not set/.test(detail);
      if (!isUnset) return broken('doctor', 'no_answer', detail, logs);
      const remedy = isLocal(url)
        ? 'Start it with `npm start`, which makes one.'
        : 'Set it, and keep a copy: openssl rand -hex 32 | npx wrangler secret put ADMIN_KEY';
      return broken('secrets', 'admin_key_missing', 'ADMIN_KEY is not set.', remedy);
    }
  }
}

/** A local relay does its hourly work only while it runs: after a pause, a late run means nothing. */
function forThisHost(finding: Finding, url: URL): Finding {
  if (!isLocal(url) || finding.code !== 'cron_late') return finding;
  const remedy = 'It runs at minute 17 of every hour while `npm start` does. Ask again after that.';
  return { ...finding, status: 'warning', remedy };
}

/** Returns a line for each finding, and its remedy below. */
export function linesOf(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ status, check, detail, remedy }) => [
    `${status.padEnd(9)}${check.padEnd(10)}${detail}`,
    ...(remedy === null ? [] : [`${' '.repeat(19)}→ ${remedy}`]),
  ]);
}

/** Returns how many findings need attention. */
export function summaryOf(findings: readonly Finding[]): string {
  const count = (status: Finding['status']) => findings.filter((finding) => finding.status === status).length;
  return `${count('broken')} broken, ${count('warning')} to look at, ${count('ok')} in order`;
}
