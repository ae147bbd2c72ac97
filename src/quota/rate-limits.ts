// A token's rpm, tpm, and concurrency: counted over a sliding minute, checked, and reported to the caller.
import type { LimitsLeft } from '../formats/rate-limit-headers.ts';
import type { TokenLimits } from '../tokens/token.ts';
import type { Refusal } from './quota.ts';
import { SlidingWindow, type WindowSlots } from './window.ts';

/** The stored form, only for the limits that a token has. */
export interface StoredRates {
  requests: WindowSlots;
  tokens: WindowSlots;
}

/** When a caller that was refused for concurrency may retry. Nobody knows when a running request ends. */
const concurrencyRetryMs = 1_000;

/** An open request and the tokens that are counted for it. */
export interface CountedRequest {
  tokens: number;
  heldAtMs: number;
}

export class RateLimits {
  private readonly requests: SlidingWindow;
  private readonly tokens: SlidingWindow;

  constructor(stored: StoredRates | null) {
    this.requests = new SlidingWindow(stored?.requests);
    this.tokens = new SlidingWindow(stored?.tokens);
  }

  /**
   * Returns why one more request with `tokens` of uncached input, beside `open` running ones, exceeds a limit,
   * or null.
   */
  refusal(
    { concurrency, rpm, tpm }: TokenLimits,
    open: number,
    tokens: number,
    nowMs: number,
  ): Refusal | null {
    if (concurrency !== undefined && open >= concurrency) {
      const message = `This API key may run ${concurrency} requests at a time; wait for one to end.`;
      return refuse(message, concurrencyRetryMs);
    }
    if (rpm !== undefined && this.requests.total(nowMs) + 1 > rpm) {
      return refuse(`This API key may make ${rpm} requests a minute.`, this.requests.waitMs(nowMs, 1, rpm));
    }
    if (tpm === undefined) return null;
    const description = `This API key may use ${tpm} tokens a minute; this request has about ${tokens} of input`;
    if (tokens > tpm) {
      const message = `${description}, which never fits. Shorten it, or have the limit raised.`;
      return { outcome: 'refused', code: 'rate_limit_exceeded', message, isFinal: true };
    }
    const used = this.tokens.total(nowMs);
    // A request without input waits for room too: output may have filled the minute.
    return used < tpm && used + tokens <= tpm
      ? null
      : refuse(`${description}.`, this.tokens.waitMs(nowMs, Math.max(1, tokens), tpm));
  }

  /** Counts an admitted request. */
  count(tokens: number, nowMs: number): void {
    this.requests.add(nowMs, 1);
    this.tokens.add(nowMs, tokens);
  }

  /** Replaces the counted tokens of a request by those that it has used. An excess counts from now on. */
  correct(counted: CountedRequest | undefined, tokens: number, nowMs: number): void {
    if (counted === undefined) return;
    if (tokens < counted.tokens) this.tokens.takeBack(counted.heldAtMs, counted.tokens - tokens);
    else this.tokens.add(nowMs, tokens - counted.tokens);
    counted.tokens = tokens;
  }

  /** Counts what a running request has produced so far, if that is more than before. */
  countProduced(counted: CountedRequest | undefined, tokens: number, nowMs: number): void {
    if (counted !== undefined && tokens > counted.tokens) this.correct(counted, tokens, nowMs);
  }

  /** Returns what is left, for the headers. Undefined when there is no such limit. */
  left({ rpm, tpm }: TokenLimits, nowMs: number): LimitsLeft | undefined {
    if (rpm === undefined && tpm === undefined) return undefined;
    const left = (limit: number, window: SlidingWindow) => ({
      limit,
      remaining: Math.max(0, limit - window.total(nowMs)),
      resetMs: window.waitMs(nowMs, limit, limit),
    });
    return {
      ...(rpm !== undefined && { rpm: left(rpm, this.requests) }),
      ...(tpm !== undefined && { tpm: left(tpm, this.tokens) }),
    };
  }

  snapshot({ rpm, tpm }: TokenLimits, nowMs: number): StoredRates {
    return {
      requests: rpm === undefined ? [] : this.requests.snapshot(nowMs),
      tokens: tpm === undefined ? [] : this.tokens.snapshot(nowMs),
    };
  }
}

function refuse(message: string, retryAfterMs: number): Refusal {
  return { outcome: 'refused', code: 'rate_limit_exceeded', message, retryAfterMs };
}
