// The deployment's two secrets: set when the Worker has none, never overwritten, and printed on a terminal only.
import { newAdminKey, newEncryptionKey } from '../new-secret.ts';

const makers = { ADMIN_KEY: newAdminKey, ENCRYPTION_KEY: newEncryptionKey } as const;

/** Names of the secrets that a deployment needs. */
export const neededSecrets = Object.keys(makers) as (keyof typeof makers)[];

export type Secrets = Readonly<Record<string, string>>;

/** What happens with missing secrets. */
export interface SecretPlan {
  /** Uploaded with the Worker. */
  readonly toSet: Secrets;
  /** Those that nobody has seen yet; they are saved before the upload. */
  readonly made: Secrets;
  /** Those from the environment. */
  readonly given: readonly string[];
  /** Left unset. */
  readonly unset: readonly string[];
}

/**
 * Plans the secrets that the Worker lacks: first `pending` ones of an earlier run that were not shown yet, then
 * values of the environment. Otherwise one is created, except in CI, whose machine is gone afterwards, and the
 * value with it.
 */
export function planSecrets(
  existing: readonly string[],
  pending: Secrets,
  environment: Readonly<Record<string, string | undefined>>,
): SecretPlan {
  const toSet: Record<string, string> = {};
  const made: Record<string, string> = {};
  const given: string[] = [];
  const unset: string[] = [];
  for (const name of neededSecrets) {
    if (existing.includes(name)) continue;
    const known = pending[name] ?? environment[name];
    if (known) toSet[name] = known;
    else if (isCi(environment)) unset.push(name);
    else toSet[name] = made[name] = makers[name]();
    if (known && pending[name] === undefined) given.push(name);
  }
  return { toSet, made, given, unset };
}

/** Whether a CI service runs this; GitHub, GitLab and Workers Builds among others set CI. */
export function isCi({ CI }: Readonly<Record<string, string | undefined>>): boolean {
  return CI !== undefined && !['', '0', 'false'].includes(CI.toLowerCase());
}
