// Takes in an upstream's keys: seals them before anything else sees them, and makes a hint for people.
import { type SealedKey, seal } from '../../lib/seal.ts';
import { readAwsKey } from '../../providers/bedrock-key.ts';
import { readServiceAccount } from '../../providers/service-account.ts';
import { newId } from '../accounts/secret-value.ts';
import type { ChannelEdit } from './channel-fields.ts';
import { managementLimits } from './limits.ts';
import { fieldProblem, unavailable } from './problem.ts';

/** Seals keys. Throws a Problem (503) if there are any and ENCRYPTION_KEY is not set. */
export async function sealKeys(plainKeys: string[], encryptionKey: string | null): Promise<SealedKey[]> {
  if (plainKeys.length === 0) return [];
  if (encryptionKey === null) {
    throw unavailable(
      'ENCRYPTION_KEY is not set, so keys cannot be stored. Set it as a secret and deploy again.',
    );
  }
  const sealOne = async (plain: string): Promise<SealedKey> => ({
    id: newId('key'),
    hint: hintOfKey(plain),
    ...(await seal(plain, encryptionKey)),
  });
  return Promise.all(plainKeys.map(sealOne));
}

/** Returns the keys of a channel after an edit, or null if the edit does not change keys. */
export async function editedKeys(
  keys: readonly SealedKey[],
  { keys: replacement, add_keys, remove_key_ids }: ChannelEdit,
  encryptionKey: string | null,
): Promise<SealedKey[] | null> {
  if (replacement === undefined && add_keys === undefined && remove_key_ids === undefined) return null;
  if (replacement !== undefined && (add_keys !== undefined || remove_key_ids !== undefined)) {
    throw fieldProblem('keys', 'replaces all keys; leave out `add_keys` and `remove_key_ids`');
  }
  const unknown = remove_key_ids?.find((id) => !keys.some((key) => key.id === id));
  if (unknown !== undefined) throw fieldProblem('remove_key_ids', `there is no key \`${unknown}\``);
  const kept = replacement === undefined ? keys.filter(({ id }) => !remove_key_ids?.includes(id)) : [];
  const all = [...kept, ...(await sealKeys(replacement ?? add_keys ?? [], encryptionKey))];
  if (all.length > managementLimits.keysOfChannel) {
    throw fieldProblem('add_keys', `a channel has at most ${managementLimits.keysOfChannel} keys`);
  }
  return all;
}

/** Returns `sk-p…aB3x`, or less of a short key: never more than a third of it. */
function hintOfKey(plain: string): string {
  const account = readServiceAccount(plain);
  if (account !== null) return account.email.slice(0, 60);
  const aws = readAwsKey(plain);
  // Shows only the id of credentials, which is not secret.
  if (aws.kind === 'credentials') return `${aws.accessKeyId.slice(0, 4)}…${aws.accessKeyId.slice(-4)}`;
  if (plain.length < 12) return '…';
  return plain.length < 24 ? `…${plain.slice(-4)}` : `${plain.slice(0, 4)}…${plain.slice(-4)}`;
}
