import { describe, expect, it } from 'vitest';
import { encryptionKeyIdOf, seal, UnsealError, unseal } from '../../../src/lib/seal.ts';

describe('a sealed text', () => {
  it('opens with the same key', async () => {
    for (const plain of ['', 'sk-123', 'schlüssel ☂', 'x'.repeat(8_192)]) {
      expect(await unseal(await seal(plain, 'any string'), 'any string')).toBe(plain);
    }
  });

  it('is never the same twice', async () => {
    const [one, two] = await Promise.all([seal('same', 'key'), seal('same', 'key')]);
    expect(one.iv).not.toBe(two.iv);
    expect(one.sealed).not.toBe(two.sealed);
  });

  it('names the key if opened with another one', async () => {
    const sealed = await seal('secret', 'one');
    await expect(unseal(sealed, 'two')).rejects.toThrow(UnsealError);
    await expect(unseal(sealed, 'two')).rejects.toThrow(/another ENCRYPTION_KEY/);
  });

  it('does not open after a change', async () => {
    const sealed = await seal('secret', 'one');
    const altered = { ...sealed, sealed: `A${sealed.sealed.slice(1)}` };
    const swapped = sealed.sealed.startsWith('A')
      ? { ...sealed, sealed: `B${sealed.sealed.slice(1)}` }
      : altered;
    await expect(unseal(swapped, 'one')).rejects.toThrow(/altered/);
    await expect(unseal({ ...sealed, iv: 'not base64!' }, 'one')).rejects.toThrow(UnsealError);
  });

  it('identifies its key by a short, stable id', async () => {
    expect(await encryptionKeyIdOf('one')).toMatch(/^[0-9a-f]{16}$/);
    expect(await encryptionKeyIdOf('one')).toBe(await encryptionKeyIdOf('one'));
    expect(await encryptionKeyIdOf('one')).not.toBe(await encryptionKeyIdOf('two'));
  });
});
