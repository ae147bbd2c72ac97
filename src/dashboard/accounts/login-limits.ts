// How often a sign-in may be tried: which counters a try uses, and their limits. login-try-store.ts counts. A try
// is counted before it is checked, so that concurrent tries count too.
//
// Strangers must not lock anybody out. A device that has signed in to the account before (device-cookie.ts) uses
// only a counter of its own (owasp.org, "Slow Down Online Guessing Attacks with Device Cookies", read 2026-11-30).
// Refused tries are not counted, so one network takes at most `sameBoth` of the `sameEmail` tries of an account,
// and they are free again after `windowMs`. Secrets that nobody can guess (invitations, access keys) are never
// refused because of other tries.
import { networkOf } from '../../lib/ip-ranges.ts';

/**
 * Failed tries in a quarter of an hour.
 * - `sameBoth`: of one account from one network (an IPv4 address, an IPv6 /64); also of the current password by
 * a session.
 * - `sameAddress`: of passwords from one network, for any account.
 * - `sameEmail`: of one account from anywhere, by devices that have not signed in to it before.
 * - `sameDevice`: of one account by a device that has.
 * - `adminKey`: of the admin key from one network, in the dashboard and at /api together.
 * - `accessKey`: 401 answers to unknown access keys from one network, then 429. A valid key always works.
 * - `passkey`: of passkeys from one network.
 * - `invitation`: of one invitation from one network.
 */
export const loginLimits = {
  sameBoth: 10,
  sameAddress: 50,
  sameEmail: 100,
  sameDevice: 10,
  adminKey: 10,
  accessKey: 10,
  passkey: 50,
  invitation: 10,
  windowMs: 900_000,
} as const;

/** One counter that a try uses. */
export interface TryCounter {
  countedFor: string;
  limit: number;
  /** Only this person uses the counter: a success resets it. Otherwise a success takes back its own try. */
  isPersonal: boolean;
}

/**
 * The counters of a password. `deviceId`: the device has signed in to this account before. Unknown emails count
 * like known ones.
 */
export function passwordCounters(email: string, ip: string, deviceId: string | null): TryCounter[] {
  if (deviceId !== null) return [deviceCounter(deviceId)];
  const network = networkOf(ip);
  const name = email.slice(0, longestEmail);
  return [
    shared(`address ${network}`, loginLimits.sameAddress),
    personal(`both ${network} ${name}`, loginLimits.sameBoth),
    shared(`email ${name}`, loginLimits.sameEmail),
  ];
}

/** The counters of the admin key. There is no global one: strangers could lock its owner out. */
export function adminKeyCounters(ip: string, deviceId: string | null): TryCounter[] {
  if (deviceId !== null) return [deviceCounter(deviceId)];
  return [shared(`admin key ${networkOf(ip)}`, loginLimits.adminKey)];
}

/** The counters of access keys for the management API. */
export function accessKeyCounters(ip: string): TryCounter[] {
  return [shared(`access key ${networkOf(ip)}`, loginLimits.accessKey)];
}

/** The counters of a passkey: its signature cannot be guessed, so only the work is limited. */
export function passkeyCounters(ip: string, deviceId: string | null): TryCounter[] {
  if (deviceId !== null) return [deviceCounter(deviceId)];
  return [shared(`passkey ${networkOf(ip)}`, loginLimits.passkey)];
}

/** The counters of an existing invitation, by the hash of its secret. Others are refused without counting. */
export function invitationCounters(hash: string, ip: string): TryCounter[] {
  return [personal(`invitation ${hash} ${networkOf(ip)}`, loginLimits.invitation)];
}

/** The counters of an account's current password, for a known session or key. */
export function currentPasswordCounters(accountId: string): TryCounter[] {
  return [personal(`password of ${accountId}`, loginLimits.sameBoth)];
}

function deviceCounter(deviceId: string): TryCounter {
  return personal(`device ${deviceId}`, loginLimits.sameDevice);
}

function shared(countedFor: string, limit: number): TryCounter {
  return { countedFor, limit, isPersonal: false };
}

function personal(countedFor: string, limit: number): TryCounter {
  return { countedFor, limit, isPersonal: true };
}

/** Longer than any email. */
const longestEmail = 300;
