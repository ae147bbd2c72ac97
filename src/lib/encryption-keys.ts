// The ENCRYPTION_KEYs that are known at a time: one, or two while it is rotated.
import { encryptionKeyIdOf, type Sealed, seal, UnsealError, unseal } from './seal.ts';

/** What is sealed anew, and what still opens. */
export interface EncryptionKeys {
  /** null: none is set; nothing can be sealed. */
  seal: string | null;
  /** Each of them may have sealed what is stored. */
  open: readonly string[];
}

/** `next` is being rotated to, `previous` away from: while both are known, either opens. Empty strings count as unset. */
export function encryptionKeysOf(
  current: string | undefined,
  next: string | undefined,
  previous: string | undefined,
): EncryptionKeys {
  const open = [...new Set([next, current, previous])].filter((key): key is string => !!key);
  return { seal: next || current || null, open };
}

/** The text that one of the keys sealed. Throws UnsealError when none of them did. */
export async function unsealWithAny(sealed: Sealed, { open }: EncryptionKeys): Promise<string> {
  for (const key of open) {
    if ((await encryptionKeyIdOf(key)) === sealed.encryptionKeyId) return unseal(sealed, key);
  }
  throw new UnsealError(`sealed under another ENCRYPTION_KEY (${sealed.encryptionKeyId})`);
}

/**
 * The same text sealed under the key that seals now. `current`: it is already; `locked`: no known key opens it.
 */
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
