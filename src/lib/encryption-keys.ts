// The ENCRYPTION_KEYs that are valid at a time: one, or two during a rotation.
import { encryptionKeyIdOf, type Sealed, seal, UnsealError, unseal } from './seal.ts';

/** The key that seals, and the keys that open. */
export interface EncryptionKeys {
  /** Null: none is set, and nothing can be sealed. */
  seal: string | null;
  /** Any of them may have sealed stored values. */
  open: readonly string[];
}

/**
 * Returns the keys. During a rotation from `previous` to `next`, either opens stored values. Empty strings count
 * as unset.
 */
export function encryptionKeysOf(
  current: string | undefined,
  next: string | undefined,
  previous: string | undefined,
): EncryptionKeys {
  const open = [...new Set([next, current, previous])].filter((key): key is string => !!key);
  return { seal: next || current || null, open };
}

/** Returns the text that one of the keys sealed. Throws UnsealError when none of them opens it. */
export async function unsealWithAny(sealed: Sealed, { open }: EncryptionKeys): Promise<string> {
  for (const key of open) {
    if ((await encryptionKeyIdOf(key)) === sealed.encryptionKeyId) return unseal(sealed, key);
  }
  throw new UnsealError(`sealed under another ENCRYPTION_KEY (${sealed.encryptionKeyId})`);
}

/** Seals the same text with the current key. `current`: it already is; `locked`: no known key opens it. */
export async function resealed<S extends Sealed>(
  sealed: S,
  keys: EncryptionKeys,
): Promise<{ outcome: 'resealed'; sealed: S } | { outcome: 'current' | 'locked' }> {
  if (keys.seal === null) return { outcome: 'locked' };
  if ((await encryptionKeyIdOf(keys.seal)) === sealed.encryptionKeyId) return { outcome: 'current' };
  try {
    const plain = await unsealWithAny(sealed, keys);
    return { outcome: 'resealed', sealed: { ...sealed, ...(await seal(plain, keys.seal)) } };
  } catch (error) {
    if (error instanceof UnsealError) return { outcome: 'locked' };
    throw error;
  }
}
