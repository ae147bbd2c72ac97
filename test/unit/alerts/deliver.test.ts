// One attempt to deliver a webhook: what it sends, and how long it waits.
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { deliver, type WebhookNetwork } from '../../../src/alerts/deliver.ts';

const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const webhook = { id: 'msg_1', url: 'https://hooks.acme.dev/x', body: '{"type":"test"}', secret };
const now = new Date('2026-12-01T10:00:00Z');

beforeEach(() => {
  vi.useFakeTimers({ now });
  // The platform's own timeout does not follow the fake clock.
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new DOMException('late', 'TimeoutError')), ms);
    return controller.signal;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A receiver that answers after so long, unless the sender gives up. */
function answeringAfter(ms: number, status = 204): WebhookNetwork {
  return {
    isPrivateAllowed: false,
    send: (_url, { signal }) =>
      new Promise((resolve, reject) => {
        setTimeout(() => resolve(new Response(null, { status })), ms);
        signal?.addEventListener('abort', () => reject(signal.reason));
      }),
  };
}

async function outcomeAfter(ms: number) {
  const outcome = deliver(webhook, answeringAfter(ms), now);
  await vi.advanceTimersByTimeAsync(20_000);
  return outcome;
}

it('waits ten seconds for an answer, and no longer', async () => {
  expect(await outcomeAfter(9_999)).toEqual({ isDelivered: true, status: 204, error: null });
  expect(await outcomeAfter(10_001)).toEqual({
    isDelivered: false,
    status: null,
    error: 'The endpoint did not answer within 10 seconds.',
  });
});

it('says that an endpoint cannot be reached, without the reason of the network', async () => {
  const network = { isPrivateAllowed: false, send: () => Promise.reject(new Error('ECONNREFUSED 10.0.0.7')) };
  expect(await deliver(webhook, network, now)).toEqual({
    isDelivered: false,
    status: null,
    error: 'The endpoint cannot be reached.',
  });
});

it('sends nothing to a private address', async () => {
  const send = vi.fn(answeringAfter(0).send);
  const outcome = await deliver(
    { ...webhook, url: 'https://127.0.0.1/x' },
    { send, isPrivateAllowed: false },
    now,
  );
  expect([outcome.isDelivered, send.mock.calls]).toEqual([false, []]);
});

it('signs the body with the time of the attempt', async () => {
  let sent: RequestInit = {};
  const send = async (_url: string, init: RequestInit) => {
    sent = init;
    return new Response(null, { status: 200 });
  };
  await deliver(webhook, { send, isPrivateAllowed: false }, now);
  const headers = sent.headers as Record<string, string>;
  expect(new Webhook(secret).verify(String(sent.body), headers)).toEqual({ type: 'test' });
  expect([headers['webhook-id'], headers['webhook-timestamp'], sent.redirect]).toEqual([
    'msg_1',
    String(now.getTime() / 1_000),
    'manual',
  ]);
});
