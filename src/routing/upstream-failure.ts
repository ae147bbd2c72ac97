// Classifies an upstream's error response: whether another target may do better, and what is held against this one. Pure.
import { isObject } from '../formats/json-reader.ts';
import { readUpstreamError } from '../formats/upstream-error.ts';
import { refusedRelay, refusedThisOnly } from '../providers/refused-relay.ts';
import type { Failure } from './health.ts';

/** Why another target may be tried. */
export interface UpstreamFailure {
  /** `unsuited`: the target is healthy but cannot serve this request. */
  kind: Failure['kind'] | 'unsuited';
  reason: string;
  retryAfterMs: number | null;
  /** The upstream may have done the work all the same: it had the request, and broke off or was too slow. */
  mayBeDone: boolean;
}

/** Returns the failure of a response with that status, or null if the request itself is at fault. */
export function failureOfStatus(status: number, headers: Headers, text: string): UpstreamFailure | null {
  const retryAfterMs = retryAfterOf(headers, Date.now()) ?? retryInfoIn(text);
  const common = { reason: `status ${status}`, retryAfterMs, mayBeDone: gatewayStatuses.has(status) };
  if (refusedThisOnly(status, text)) return { ...common, kind: 'unsuited' };
  if (refusedRelay(status, text)) return { ...common, kind: 'refused' };
  if (status === 429) return { ...common, kind: 'limited' };
  if (status === 408) return { ...common, kind: 'timeout' };
  // The channel is healthy: the conversation is too long for its model.
  if (status < 500 || readUpstreamError(status, text).kind === 'context-overflow') return null;
  return { ...common, kind: 'unavailable' };
}

/** Statuses of gateways before the upstream: what became of the request behind them is not known. */
const gatewayStatuses: ReadonlySet<number> = new Set([502, 504, 520, 524]);

/**
 * Gemini says in the body when to try again (google.rpc.RetryInfo, `"retryDelay": "36s"`):
 * https://ai.google.dev/gemini-api/docs/rate-limits (2026-11).
 */
function retryInfoIn(text: string): number | null {
  if (!text.includes('"retryDelay"')) return null;
  let found: number | null = null;
  try {
    JSON.parse(text, (_key, value) => {
      const seconds = isObject(value) ? /^(\d+(?:\.\d+)?)s$/.exec(String(value.retryDelay))?.[1] : undefined;
      if (seconds !== undefined) found = Number(seconds) * 1_000;
      return value;
    });
  } catch {
    // Not JSON: it names no time.
  }
  return found;
}

/**
 * Returns when an upstream may be called again, in milliseconds from now, or null if it sends no valid time.
 * Accepts seconds or a date (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after), and OpenAI's
 * milliseconds. Pure.
 */
export function retryAfterOf(headers: Headers, nowMs: number): number | null {
  return (
    duration(headers.get('retry-after-ms'), 1) ??
    duration(headers.get('retry-after'), 1_000) ??
    untilDate(headers.get('retry-after'), nowMs)
  );
}

function duration(text: string | null, unitMs: number): number | null {
  return text !== null && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) * unitMs : null;
}

/** Numbers that are not valid seconds (`-5`, `1e9`) are not dates either, although they parse as such. */
function untilDate(text: string | null, nowMs: number): number | null {
  const ms = /[a-z]/i.test(text ?? '') ? Date.parse(text ?? '') - nowMs : Number.NaN;
  return ms >= 0 ? ms : null;
}
