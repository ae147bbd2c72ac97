// How often a password may be tried: what is counted, and how much of it is too much. The counting itself is
// login-try-store.ts's; a try is counted before it is looked at, so that tries at the same time are counted too.
import { networkOf } from '../../lib/ip-ranges.ts';

/** Tries in a quarter of an hour. Per person and address; per address, whoever is tried; per person, from anywhere. */
export const loginLimits = { sameBoth: 10, sameAddress: 50, sameEmail: 100, windowMs: 900_000 } as const;

/** What one try counts for, each with its limit, the address first. An unknown email counts as a known one. */
export function countedFor(email: string, ip: string): [countedFor: string, limit: number][] {
  const address = networkOf(ip);
  const name = email.slice(0, longestName);
  return [
    [`address ${address}`, loginLimits.sameAddress],
    [`both ${address} ${name}`, loginLimits.sameBoth],
    [`email ${name}`, loginLimits.sameEmail],
  ];
}

/** Longer than any email or credential id. */
const longestName = 1_500;
