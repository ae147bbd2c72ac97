// Cloudflare Access in front of the dashboard: its JWT identifies the person. jose verifies it with the team's
// keys. developers.cloudflare.com/cloudflare-one, "Validate JWTs", read 2026-11-24.
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { AccessApplication } from '../../config.ts';

export interface AccessVisitor {
  email: string;
  /** When Access asks the person to sign in again. */
  expiresAtMs: number;
}

/** Access sends this with every request that it lets through. */
export const accessHeader = 'cf-access-jwt-assertion';

/** The keys of the deployment's one team. jose fetches them again when a signature names an unknown one. */
let known: { teamDomain: string; keys: ReturnType<typeof createRemoteJWKSet> } | null = null;

/** Errors of jose that are not about the JWT itself. */
const keysAreAway = new Set<string>([errors.JWKSTimeout.code, errors.JOSEError.code]);

/**
 * Returns null if the JWT is not Access's, not for this application, or expired. Throws when the team's keys
 * cannot be fetched.
 */
export async function visitorOf(jwt: string, application: AccessApplication): Promise<AccessVisitor | null> {
  const { teamDomain, audience } = application;
  if (known?.teamDomain !== teamDomain) {
    known = { teamDomain, keys: createRemoteJWKSet(new URL(`${teamDomain}/cdn-cgi/access/certs`)) };
  }
  try {
    const { payload } = await jwtVerify(jwt, known.keys, {
      issuer: teamDomain,
      audience,
      algorithms: ['RS256'],
      requiredClaims: ['exp', 'email'],
    });
    const { email, exp = 0 } = payload;
    return typeof email === 'string' && email !== '' ? { email, expiresAtMs: exp * 1_000 } : null;
  } catch (error) {
    if (error instanceof errors.JOSEError && !keysAreAway.has(error.code)) return null;
    throw error;
  }
}
