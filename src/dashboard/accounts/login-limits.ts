// How often a password may be tried: what is counted, and how much of it is too much. The counting itself is
// login-try-store.ts's; a try is counted before it is looked at, so that tries at the same time are counted too.

/** Tries in a quarter of an hour. Per person and address; per address, whoever is tried; per person, from anywhere. */
export const loginLimits = { sameBoth: 10, sameAddress: 50, sameEmail: 100, windowMs: 900_000 } as const;

/** What one try counts for, each with its limit. An unknown email counts as a known one. */
export function countedFor(email: string, ip: string): [countedFor: string, limit: number][] {
  return [
    [`both ${ip} ${email}`, loginLimits.sameBoth],
    [`address ${ip}`, loginLimits.sameAddress],
    [`email ${email}`, loginLimits.sameEmail],
  ];
}
