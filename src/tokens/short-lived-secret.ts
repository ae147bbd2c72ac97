// Short-lived secrets, which a page of the dashboard has instead of a token's value, as browsers have ephemeral keys for
// realtime sessions. A secret is an encrypted statement of the token's identity and its end: nothing is stored. It ends
// with its token, because the ledger checks the token's hash at every request.
import { Buffer } from 'node:buffer';
import type { EncryptionKeys } from '../lib/encryption-keys.ts';
import { sealBytes, unsealBytes } from '../lib/seal.ts';
import type { TokenIdentity } from './token.ts';

/** Every short-lived secret begins with this. */
export const shortLivedPrefix = 'pg-oo8-';

/** Limits of short-lived secrets. */
export const shortLivedLimits = {
  /** How long one works. */
  seconds: 3_600,
} as const;

const purpose = 'short-lived secrets';

interface Statement {
  identity: TokenIdentity;
  expiresAtMs: number;
}

/** Makes a secret for a value of a token. */
export async function mintShortLived(statement: Statement, encryptionKey: string): Promise<string> {
  const text = new TextEncoder().encode(JSON.stringify(statement)) as Uint8Array<ArrayBuffer>;
  const sealed = await sealBytes(text, encryptionKey, purpose);
  return shortLivedPrefix + Buffer.from(sealed).toString('base64url');
}

/** Opens a secret. Null: this relay did not make it, or it was altered. */
export async function openShortLived(
  secret: string,
  { open }: Pick<EncryptionKeys, 'open'>,
): Promise<Statement | null> {
  const sealed = Buffer.from(secret.slice(shortLivedPrefix.length), 'base64url');
  for (const key of open) {
    const statement = await unsealBytes(sealed, key, purpose);
    if (statement !== null) return JSON.parse(new TextDecoder().decode(statement)) as Statement;
  }
  return null;
}
