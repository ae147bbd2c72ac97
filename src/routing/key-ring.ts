// The keys of channels, opened once an isolate and never logged.
import { RelayError } from '../lib/relay-error.ts';
import { type SealedKey, unseal } from '../lib/seal.ts';
import type { LiveChannel } from './catalog.ts';

/** Opened keys that an isolate remembers. */
export const openedKeysLimit = 1_000;

/** A key in use. `id` is for the log; null where the channel needs none. */
export interface ChannelKey {
  id: string | null;
  value: string | null;
}

export class KeyRing {
  private readonly opened = new Map<string, string>();
  private readonly encryptionKey: string | null;

  constructor(encryptionKey: string | null) {
    this.encryptionKey = encryptionKey;
  }

  /** One of the channel's keys (`random` in [0, 1)). Throws `upstream_error` when it cannot be opened: the operator's to mend. */
  async keyOf(channel: LiveChannel, random: number): Promise<ChannelKey> {
    if (channel.plainKeys !== null) return { id: null, value: channel.plainKeys[0] ?? null };
    const sealed = channel.keys[Math.floor(random * channel.keys.length)];
    if (sealed === undefined) return { id: null, value: null };
    return { id: sealed.id, value: this.opened.get(sealed.sealed) ?? (await this.open(sealed)) };
  }

  /** The channel's key with that id, where an upstream thing belongs to it; any of its keys when that one is gone. */
  async namedKeyOf(channel: LiveChannel, keyId: string | null): Promise<ChannelKey> {
    const named = channel.keys.filter(({ id }) => id === keyId);
    return this.keyOf(named.length > 0 ? { ...channel, keys: named } : channel, 0);
  }

  private async open(sealed: SealedKey): Promise<string> {
    try {
      const value = await unseal(sealed, this.encryptionKey ?? '');
      if (this.opened.size >= openedKeysLimit) this.opened.clear();
      this.opened.set(sealed.sealed, value);
      return value;
    } catch (cause) {
      throw new RelayError('upstream_error', 'The model provider cannot be used at the moment.', { cause });
    }
  }
}
