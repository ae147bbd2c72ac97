// Ids of incidents, endpoints, and webhooks, and the secrets that webhooks are signed with.
import { Buffer } from 'node:buffer';
import { base62 } from '../lib/base62.ts';

const idLength = 22;

/** Returns a new id: `inc_…`, `wh_…`, `msg_…`. */
export function newId(prefix: string): string {
  return `${prefix}_${base62(crypto.getRandomValues(new Uint8Array(16)), idLength)}`;
}

/** Returns a secret as Standard Webhooks writes it: `whsec_` and 32 random bytes in base64. */
export function newWebhookSecret(): string {
  return `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64')}`;
}
