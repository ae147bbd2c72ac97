// One attempt to deliver a webhook: signed, within a timeout, to allowed addresses only. Redirects are not followed.
import { Webhook } from 'standardwebhooks';
import { faultOfAddress } from './webhook-address.ts';

/** Limits of one attempt. */
const attemptLimits = {
  /** To the head of the answer. Its body is not read. */
  timeoutMs: 10_000,
} as const;

/** A webhook, ready to be sent. The id is the same in every attempt, so that a receiver can tell repetitions. */
export interface OutgoingWebhook {
  id: string;
  url: string;
  body: string;
  /** `whsec_…`. */
  secret: string;
}

/** How requests leave. */
export interface WebhookNetwork {
  send(url: string, init: RequestInit): Promise<Response>;
  isPrivateAllowed: boolean;
}

/** Null status: there was no answer. */
export interface AttemptResult {
  isDelivered: boolean;
  status: number | null;
  error: string | null;
}

/** Sends a webhook once. Never rejects. */
export async function deliver(
  { id, url, body, secret }: OutgoingWebhook,
  network: WebhookNetwork,
  now: Date,
): Promise<AttemptResult> {
  const fault = faultOfAddress(url, network.isPrivateAllowed);
  if (fault !== null) return { isDelivered: false, status: null, error: `The address ${fault}.` };
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'OpenOpen8-Relay',
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign(id, now, body),
  };
  const signal = AbortSignal.timeout(attemptLimits.timeoutMs);
  try {
    const init: RequestInit = { method: 'POST', headers, body, redirect: 'manual', signal };
    const response = await network.send(url, init);
    await response.body?.cancel();
    return resultOf(response.status);
  } catch {
    const error = signal.aborted
      ? 'The endpoint did not answer within 10 seconds.'
      : 'The endpoint cannot be reached.';
    return { isDelivered: false, status: null, error };
  }
}

function resultOf(status: number): AttemptResult {
  if (status >= 200 && status < 300) return { isDelivered: true, status, error: null };
  const isRedirect = status >= 300 && status < 400;
  const error = isRedirect
    ? 'The endpoint redirects, which is not followed.'
    : `The endpoint answered ${status}.`;
  return { isDelivered: false, status, error };
}
