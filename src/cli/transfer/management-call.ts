// One call of a relay's management API, with a plain message for every failure.
import { CommandFailure, describeError } from '../failure.ts';
import type { TransferOptions } from './options.ts';

const deadlineMs = 120_000;

/** GET without a body, POST with one; resolves with the answer's JSON. */
export async function callManagement(
  { url, key }: TransferOptions,
  path: string,
  body?: unknown,
): Promise<Record<string, unknown>> {
  const response = await send(new URL(path, url), key, body);
  if (response.status === 401 || response.status === 403) {
    throw new CommandFailure(`${url.origin} refuses the key: pass that relay's ADMIN_KEY with --key`);
  }
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new CommandFailure(`${url.origin} answered ${response.status}${detailOf(answer)}`);
  if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) {
    return answer as Record<string, unknown>;
  }
  throw new CommandFailure(`${url.origin} did not answer with JSON: is a relay there?`);
}

async function send(url: URL, key: string, body: unknown): Promise<Response> {
  try {
    return await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(deadlineMs),
      // A redirect elsewhere must not receive the key.
      redirect: 'error',
    });
  } catch (error) {
    throw new CommandFailure(`${url.origin} cannot be reached: ${describeError(error)}`);
  }
}

/** From a problem document (RFC 9457). */
function detailOf(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null) return '';
  const { title, detail } = answer as { title?: unknown; detail?: unknown };
  const text = [title, detail].filter((part) => typeof part === 'string').join(': ');
  return text === '' ? '' : `: ${text}`;
}
