// The deployment's two secrets: set when the Worker has none, never overwritten, and printed on a terminal only.
import { newAdminKey, newEncryptionKey } from '../new-secret.ts';

const makers = { ADMIN_KEY: newAdminKey, ENCRYPTION_KEY: newEncryptionKey } as const;

/** Names of the secrets that a deployment needs. */
export const neededSecrets = Object.keys(makers) as (keyof typeof makers)[];

export type Secrets = Readonly<Record<string, string>>;

/** What happens with missing secrets. */
export interface SecretPlan {
  /** Goes up with the Worker. */
  readonly toSet: Secrets;
  /** Of these, the ones that nobody has seen yet: they are written down before the upload. */
  readonly made: Secrets;
  /** Of these, the ones that the environment gave. */
  readonly given: readonly string[];
  /** Left unset. */
  readonly unset: readonly string[];
}

/**
 * Plans the secrets that the Worker lacks. `pending`: made by an earlier run and not shown yet. A value of the environment
 * comes next. Otherwise one is made, except in CI: its machine is gone afterwards, and the value would be with it.
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
