// Tests ephemeral secrets at their limits of lifetime and size.
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type EphemeralGrant, EphemeralSecrets } from '../../../src/realtime/ephemeral.ts';
import { realtimeLimits } from '../../../src/realtime/limits.ts';
import { seededNumbers } from '../../support/fixtures.ts';

const secrets = new EphemeralSecrets('encryption-key-of-the-tests');
const grant = (instructions: string): EphemeralGrant => ({
  identity: { tokenId: 'tok_1' } as EphemeralGrant['identity'],
  model: 'gpt-realtime',
  intent: 'conversation',
  settings: { instructions },
  expiresAtMs: 1_000_000,
});
const random = seededNumbers(7);
/** Text that does not compress beyond its alphabet. */
const noise = Array.from({ length: 12_000 }, () => String.fromCharCode(48 + Math.floor(random() * 74)))
  .join('')
  .replaceAll('\\', '-');
const bytesOf = (length: number) => deflateRawSync(JSON.stringify(grant(noise.slice(0, length)))).byteLength;

/** Returns how much of the noise makes a statement of exactly that many bytes. */
function lengthFor(bytes: number): number {
  for (let length = 7_000; length < noise.length; length++) if (bytesOf(length) === bytes) return length;
  throw new Error(`no statement has ${bytes} bytes`);
}

describe('an ephemeral secret', () => {
  it('is valid before its expiry, and not at it', async () => {
    const secret = await secrets.mint(grant('Be brief.'));
    expect(await secrets.open(secret, 999_999)).toMatchObject({
      outcome: 'good',
      grant: { settings: { instructions: 'Be brief.' } },
    });
    expect(await secrets.open(secret, 1_000_000)).toEqual({ outcome: 'expired', atMs: 1_000_000 });
  });

  it('holds compressed settings up to the limit, and not a byte more', async () => {
    const { secretSettingsBytes } = realtimeLimits;
    const secret = await secrets.mint(grant(noise.slice(0, lengthFor(secretSettingsBytes))));
    expect(await secrets.open(secret, 0)).toMatchObject({ outcome: 'good' });
    const over = grant(noise.slice(0, lengthFor(secretSettingsBytes + 1)));
    await expect(secrets.mint(over)).rejects.toMatchObject({
      code: 'invalid_request',
      details: { param: 'session' },
    });
  });

  it('is invalid after a change, and with another encryption key', async () => {
    const secret = await secrets.mint(grant('x'));
    const altered = secret.slice(0, -2) + (secret.endsWith('A') ? 'BB' : 'AA');
    expect(await secrets.open(altered, 0)).toEqual({ outcome: 'unknown' });
    expect(await new EphemeralSecrets('another key').open(secret, 0)).toEqual({ outcome: 'unknown' });
  });
});
