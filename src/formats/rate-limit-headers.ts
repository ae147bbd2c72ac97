// A token's limits as headers of the caller's format. Gemini's API has no such headers: there a refusal has its
// RetryInfo in the body (api-errors.ts).
import type { ApiFormat } from './format-id.ts';

/** One limit a minute: how much of it is left, and in how many milliseconds all of it will be there again. */
interface LimitLeft {
  limit: number;
  remaining: number;
  resetMs: number;
}

/** Requests and tokens a minute. A limit that the token does not have is absent. */
export interface LimitsLeft {
  rpm?: LimitLeft;
  tpm?: LimitLeft;
}

/** Returns header names and values. Empty if the format has none. */
export function rateLimitHeaders(
  api: ApiFormat,
  { rpm, tpm }: LimitsLeft,
  nowMs: number,
): Record<string, string> {
  if (api === 'gemini') return {};
  const write = api === 'openai' ? openaiHeaders : anthropicHeaders;
  return {
    ...(rpm !== undefined && write('requests', rpm, nowMs)),
    ...(tpm !== undefined && write('tokens', tpm, nowMs)),
  };
}

/** https://platform.openai.com/docs/guides/rate-limits#rate-limits-in-headers */
function openaiHeaders(what: string, { limit, remaining, resetMs }: LimitLeft): Record<string, string> {
  return {
    [`x-ratelimit-limit-${what}`]: String(limit),
    [`x-ratelimit-remaining-${what}`]: String(remaining),
    [`x-ratelimit-reset-${what}`]: goDuration(resetMs),
  };
}

/** As OpenAI writes it: `0s`, `120ms`, `1.5s`, `1m0s`. */
function goDuration(ms: number): string {
  if (ms > 0 && ms < 1_000) return `${ms}ms`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = (ms % 60_000) / 1_000;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

/** https://docs.anthropic.com/en/api/rate-limits#response-headers: the reset is a moment, in RFC 3339. */
function anthropicHeaders(
  what: string,
  { limit, remaining, resetMs }: LimitLeft,
  nowMs: number,
): Record<string, string> {
  const reset = new Date(Math.ceil((nowMs + resetMs) / 1_000) * 1_000);
  return {
    [`anthropic-ratelimit-${what}-limit`]: String(limit),
    [`anthropic-ratelimit-${what}-remaining`]: String(remaining),
    [`anthropic-ratelimit-${what}-reset`]: reset.toISOString().replace('.000Z', 'Z'),
  };
}
