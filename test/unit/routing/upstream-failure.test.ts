// Classifies error responses: which allow failover, and what they cost the target's health.
import { describe, expect, it } from 'vitest';
import { failureOfStatus } from '../../../src/routing/upstream-failure.ts';

const failureOf = (status: number, text = '{}', headers: Record<string, string> = {}) =>
  failureOfStatus(status, new Headers(headers), text);

describe('failureOfStatus', () => {
  it.each([
    [401, '{}', 'refused'],
    [402, '{}', 'refused'],
    [403, '{}', 'refused'],
    [429, '{"error":{"code":"insufficient_quota"}}', 'refused'],
    [403, '{"error":{"code":"model_not_found"}}', 'unsuited'],
    [408, '{}', 'timeout'],
    [429, '{}', 'limited'],
    [500, '{}', 'unavailable'],
    [503, 'busy', 'unavailable'],
    [529, '{"type":"error","error":{"type":"overloaded_error"}}', 'unavailable'],
  ])('classifies %i with the body %s as %s', (status, text, kind) => {
    expect(failureOf(status, text)).toMatchObject({ kind, reason: `status ${status}` });
  });

  it.each([400, 404, 409, 413, 422])(
    'returns null for %i because the request itself is at fault',
    (status) => {
      expect(failureOf(status)).toBeNull();
    },
  );

  it('returns null for a conversation that is too long, even with a status of 500', () => {
    const error = { code: 'context_length_exceeded', message: "This model's maximum context length is 10." };
    expect(failureOf(500, JSON.stringify({ error }))).toBeNull();
  });

  it('recognizes a gateway’s status after which the upstream may have done the work', () => {
    const statuses = [500, 502, 503, 504, 520, 524];
    expect(statuses.filter((status) => failureOf(status)?.mayBeDone)).toEqual([502, 504, 520, 524]);
  });

  it('reads the waiting time from the headers, else from Gemini’s RetryInfo', () => {
    const info = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '36.5s' };
    const text = JSON.stringify({ error: { details: [info] } });
    expect(failureOf(429, text)?.retryAfterMs).toBe(36_500);
    expect(failureOf(429, text, { 'retry-after': '7' })?.retryAfterMs).toBe(7_000);
    expect(failureOf(429, 'a "retryDelay" that is not JSON')?.retryAfterMs).toBeNull();
  });
});
