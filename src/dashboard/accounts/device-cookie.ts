// Marks a browser that has signed in to an account, so that tries of strangers cannot lock it out
// (login-limits.ts). The cookie gives no access: a thief gets only a few tries. One cookie per account.
import { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { newSecretValue } from './secret-value.ts';
import { hostCookie } from './session-cookie.ts';

/** How long a device is remembered after its last sign-in. Browsers limit cookies to 400 days (RFC 6265bis). */
const deviceMs = 180 * 86_400_000;

/** Secrets that sign device cookies; the first one signs new ones. Empty: devices cannot be recognized. */
export type DeviceSecrets = readonly string[];

/** The secrets of a deployment: the current ones, and those before a rotation. */
export function deviceSecretsOf(services: {
  encryptionKeys: { open: readonly string[] };
  adminKey: string | null;
}): DeviceSecrets {
  const { encryptionKeys, adminKey } = services;
  return [...encryptionKeys.open, ...(adminKey === null ? [] : [adminKey])];
}

/** Returns the id of the device, or null if it has not signed in to this account, or too long ago. */
export function knownDevice(
  context: Context,
  accountId: string,
  secrets: DeviceSecrets,
  nowMs: number,
): string | null {
  const value = getCookie(context, nameFor(context, accountId)) ?? '';
  const [, id = '', untilMs = '', signature = ''] = /^(\w{22})\.(\d{1,15})\.([\w-]{43})$/.exec(value) ?? [];
  if (id === '' || Number(untilMs) <= nowMs) return null;
  const isSigned = secrets.some((secret) => isSame(signature, signatureOf(accountId, id, untilMs, secret)));
  return isSigned ? id : null;
}

/** Marks the browser as one that has signed in to the account. A known one keeps its id. */
export function markDevice(context: Context, accountId: string, secrets: DeviceSecrets, nowMs: number): void {
  const [secret] = secrets;
  if (secret === undefined) return;
  const id = knownDevice(context, accountId, secrets, nowMs) ?? newSecretValue().slice(0, 22);
  const untilMs = String(nowMs + deviceMs);
  setCookie(
    context,
    nameFor(context, accountId),
    [id, untilMs, signatureOf(accountId, id, untilMs, secret)].join('.'),
    {
      path: '/',
      httpOnly: true,
      sameSite: 'Lax',
      secure: context.req.url.startsWith('https:'),
      maxAge: deviceMs / 1_000,
    },
  );
}

function nameFor({ req }: Context, accountId: string): string {
  return hostCookie(`oo8_device_${accountId.replace(/\W/g, '')}`, req.url);
}

function signatureOf(accountId: string, id: string, untilMs: string, secret: string): string {
  const text = ['openopen8-relay device v1', accountId, id, untilMs].join('\n');
  return createHmac('sha256', secret).update(text).digest('base64url');
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}
