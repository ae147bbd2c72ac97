// Expects a refusal in the format of the route's API.
import { expect } from 'vitest';
import type { Reply } from './open-relay.ts';
import type { ApiFormat, Refusal } from './routes.ts';

/** Checks a reply's status, format and ids, and returns its message. */
export function expectRefusal(reply: Reply, format: ApiFormat, refusal: Refusal): string {
  expect(reply.headers.get('content-type')).toMatch(/^application\/json/);
  expect(reply.status, reply.text).toBe(refusal.status);
  const id = expectRequestId(reply, format);
  const { error } = reply.body;
  const { message } = error;
  expect(message.length).toBeGreaterThan(10);
  const retryAfter = reply.headers.get('retry-after');
  expect(reply.body).toEqual(
    shapeOf(format, refusal, { message, id, param: error.param ?? null, retryAfter }),
  );
  return message;
}

/** `x-request-id` is on every response, `request-id` too in Anthropic's format. */
export function expectRequestId(reply: Reply, format: ApiFormat): string {
  const id = reply.headers.get('x-request-id') ?? '';
  expect(id).toMatch(/^req_[0-9a-f]{32}$/);
  expect(reply.headers.get('request-id')).toBe(format === 'anthropic' ? id : null);
  return id;
}

interface Particulars {
  message: string;
  id: string;
  param: string | null;
  retryAfter: string | null;
}

function shapeOf(
  format: ApiFormat,
  { status, openai, anthropic, gemini }: Refusal,
  { message, id, param, retryAfter }: Particulars,
): object {
  switch (format) {
    case 'openai':
      return { error: { message, type: openai[0], code: openai[1], param } };
    case 'anthropic':
      return { type: 'error', error: { type: anthropic, message }, request_id: id };
    case 'gemini': {
      const detail = {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: gemini[1],
        domain: expect.any(String),
      };
      const retry = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfter}s` };
      const help = {
        '@type': 'type.googleapis.com/google.rpc.Help',
        links: [
          {
            description: expect.any(String),
            url: expect.stringMatching(/^https:\/\/[^/]+\/docs\/errors#\w+$/),
          },
        ],
      };
      const details = retryAfter === null ? [detail, help] : [detail, retry, help];
      return { error: { code: status, message, status: gemini[0], details } };
    }
  }
}
