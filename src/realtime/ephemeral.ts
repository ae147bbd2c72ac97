// Ephemeral secrets, which a browser has instead of a token. A secret is an encrypted statement of its token, its model and its end: nothing is
// stored, and a guess costs no I/O. It ends with its token, because the ledger checks the token's hash at every opening, and while a session is
// open.
import { Buffer } from 'node:buffer';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { isObject } from '../formats/json-reader.ts';
import type { JsonObject } from '../lib/json.ts';
import { RelayError } from '../lib/relay-error.ts';
import { sealBytes, unsealBytes } from '../lib/seal.ts';
import type { TokenIdentity } from '../tokens/token.ts';
import { realtimeLimits } from './limits.ts';
import type { SessionOrder } from './order.ts';

/** OpenAI's own begin so, and its SDK lets a browser use nothing else. */
export const ephemeralPrefix = 'ek_';

/** The content of a secret. */
export interface EphemeralGrant {
  identity: TokenIdentity;
  /** Null for a transcription session that has named none yet. */
  model: string | null;
  intent: SessionOrder['intent'];
  /** The session's settings, less its model. */
  settings: JsonObject;
  expiresAtMs: number;
}

type OpenedGrant =
  | { outcome: 'good'; grant: EphemeralGrant }
  | { outcome: 'expired'; atMs: number }
  /** Not made by this relay, or altered. */
  | { outcome: 'unknown' };

const purpose = 'ephemeral secrets';

export class EphemeralSecrets {
  private readonly encryptionKey: string | null;

  constructor(encryptionKey: string | null) {
    this.encryptionKey = encryptionKey;
  }

  /** Makes a secret. Throws RelayError `invalid_request` if the settings are too long for a header. */
  async mint(grant: EphemeralGrant): Promise<string> {
    const statement = deflateRawSync(JSON.stringify(grant));
    if (statement.byteLength > realtimeLimits.secretSettingsBytes) {
      const message = `The session's settings are too long for an ephemeral key: ${statement.byteLength} bytes compressed, ${realtimeLimits.secretSettingsBytes} at most. Send the rest in a \`session.update\`.`;
      throw new RelayError('invalid_request', message, { param: 'session' });
    }
    const sealed = await sealBytes(statement, this.key(), purpose);
    return ephemeralPrefix + Buffer.from(sealed).toString('base64url');
  }

  /** Opens a secret. */
  async open(secret: string, nowMs: number): Promise<OpenedGrant> {
    const sealed = Buffer.from(secret.slice(ephemeralPrefix.length), 'base64url');
    const statement = await unsealBytes(sealed, this.key(), purpose);
    if (statement === null) return { outcome: 'unknown' };
    const grant: unknown = JSON.parse(inflateRawSync(statement).toString());
    if (!isObject(grant)) return { outcome: 'unknown' };
    const { expiresAtMs } = grant as unknown as EphemeralGrant;
    return nowMs < expiresAtMs
      ? { outcome: 'good', grant: grant as unknown as EphemeralGrant }
      : { outcome: 'expired', atMs: expiresAtMs };
  }

  private key(): string {
    if (this.encryptionKey !== null) return this.encryptionKey;
    throw new RelayError(
      'service_unavailable',
      'Ephemeral keys need ENCRYPTION_KEY, which the operator has not set.',
    );
  }
}
