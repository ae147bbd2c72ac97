// The keys of channels. An isolate opens each once, and never logs them.

import { type EncryptionKeys, unsealWithAny } from '../lib/encryption-keys.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { SealedKey } from '../lib/seal.ts';
import type { LiveChannel } from './catalog.ts';

/** Opened keys that an isolate caches. */
const openedKeysLimit = 1_000;

/** A key in use. `id` is for the log; null where the channel needs none. */
export interface ChannelKey {
  id: string | null;
  value: string | null;
}

export class KeyRing {
  private readonly opened = new Map<string, string>();
  private readonly encryptionKeys: EncryptionKeys;

  constructor(encryptionKeys: EncryptionKeys) {
    this.encryptionKeys = encryptionKeys;
  }

  /**
   * Returns a key of the channel by its id, or the first key if the id is null or gone. Throws `upstream_error`
   * when the key cannot be opened, which the operator must fix.
   */
  async keyOf(channel: LiveChannel, id: string | null): Promise<ChannelKey> {
    if (channel.plainKeys !== null) return { id: null, value: channel.plainKeys[0] ?? null };
    const sealed = channel.keys.find((key) => key.id === id) ?? channel.keys[0];
    if (sealed === undefined) return { id: null, value: null };
    return { id: sealed.id, value: this.opened.get(sealed.sealed) ?? (await this.open(sealed)) };
  }

  private async open(sealed: SealedKey): Promise<string> {
    try {
      const value = await unsealWithAny(sealed, this.encryptionKeys);
      if (this.opened.size >= openedKeysLimit) this.opened.clear();
      this.opened.set(sealed.sealed, value);
      return value;
    } catch (cause) {
      throw new RelayError('upstream_error', 'The model provider cannot be used at the moment.', { cause });
    }
  }
}
