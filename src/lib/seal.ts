// Seals upstream keys with ENCRYPTION_KEY: AES-256-GCM, the key derived by HKDF-SHA-256. A copy of the database is
// useless without ENCRYPTION_KEY.

import { Buffer } from 'node:buffer';

/** A text that only ENCRYPTION_KEY opens. Base64. */
export interface Sealed {
  iv: string;
  sealed: string;
  /** The id of the ENCRYPTION_KEY that sealed it: the same for the same key, and useless for finding the key. */
  encryptionKeyId: string;
}

/** An upstream's key as it is stored. `hint` is the part that people see. */
export interface SealedKey extends Sealed {
  id: string;
  hint: string;
}

/** The text was sealed with another ENCRYPTION_KEY, or was altered since. */
export class UnsealError extends Error {
  constructor(reason: string, cause?: unknown) {
    super(reason, { cause });
    this.name = 'UnsealError';
  }
}

/** Seals a text. `encryptionKey` is any string; every call takes a fresh nonce. */
export async function seal(plain: string, encryptionKey: string): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await derivedKey(encryptionKey);
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, new TextEncoder().encode(plain));
  return {
    iv: base64(iv),
    sealed: base64(new Uint8Array(sealed)),
    encryptionKeyId: await encryptionKeyIdOf(encryptionKey),
  };
}

/** Returns the sealed text. Throws UnsealError when `encryptionKey` is not the one that sealed it. */
export async function unseal(
  { iv, sealed, encryptionKeyId }: Sealed,
  encryptionKey: string,
): Promise<string> {
  if (encryptionKeyId !== (await encryptionKeyIdOf(encryptionKey))) {
    throw new UnsealError(`sealed under another ENCRYPTION_KEY (${encryptionKeyId})`);
  }
  try {
    const key = await derivedKey(encryptionKey);
    const opened = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: bytes(iv) }, key, bytes(sealed));
    return new TextDecoder().decode(opened);
  } catch (cause) {
    throw new UnsealError('the sealed text was altered', cause);
  }
}

/** Returns the id of an ENCRYPTION_KEY: distinguishes keys without revealing them. */
export async function encryptionKeyIdOf(encryptionKey: string): Promise<string> {
  const bits = await crypto.subtle.deriveBits(derivation('key id'), await material(encryptionKey), 64);
  return [...new Uint8Array(bits)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

const nonceBytes = 12;

/**
 * Seals bytes for a purpose. Bytes sealed for one purpose do not open for another. The nonce precedes the sealed
 * bytes.
 */
export async function sealBytes(
  plain: Uint8Array<ArrayBuffer>,
  encryptionKey: string,
  purpose: string,
): Promise<Uint8Array> {
  const iv = crypto.getRandomValues(new Uint8Array(nonceBytes));
  const key = await derivedKey(encryptionKey, purpose);
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, plain);
  return Uint8Array.from([...iv, ...new Uint8Array(sealed)]);
}

/** Returns the bytes, or null if they were not sealed for that purpose with that key, or were altered. */
export async function unsealBytes(
  sealed: Uint8Array,
  encryptionKey: string,
  purpose: string,
): Promise<Uint8Array | null> {
  if (sealed.byteLength <= nonceBytes) return null;
  const key = await derivedKey(encryptionKey, purpose);
  const iv = sealed.slice(0, nonceBytes);
  try {
    return new Uint8Array(
      await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, sealed.slice(nonceBytes)),
    );
  } catch {
    return null;
  }
}

async function derivedKey(encryptionKey: string, purpose = 'channel keys'): Promise<CryptoKey> {
  const algorithm = { name: 'AES-GCM', length: 256 };
  const usages = ['encrypt', 'decrypt'];
  return crypto.subtle.deriveKey(
    derivation(purpose),
    await material(encryptionKey),
    algorithm,
    false,
    usages,
  );
}

function material(encryptionKey: string): Promise<CryptoKey> {
  const raw = new TextEncoder().encode(encryptionKey);
  return crypto.subtle.importKey('raw', raw, 'HKDF', false, ['deriveKey', 'deriveBits']);
}

function derivation(purpose: string) {
  const info = new TextEncoder().encode(`openopen8-relay ${purpose} v1`);
  return { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info };
}

function base64(data: Uint8Array): string {
  return Buffer.from(data).toString('base64');
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
