// Imports channels. Sealed keys come with the address that they were stored with, so a file cannot send them
// elsewhere. Files without such proofs are accepted only where no channel was ever stored, such as a restored
// backup.
import type { SealedKey } from '../../lib/seal.ts';
import { encryptionKeyIdOf } from '../../lib/seal.ts';
import type { Channel } from '../../routing/channel.ts';
import type { ChannelRecord } from '../../routing/store.ts';
import { hasAudited } from '../accounts/audit-log.ts';
import { channelRecord } from './import-records.ts';
import { isProven, keyDestination } from './key-destination.ts';
import type { ManagementServices } from './services.ts';
import type { TransferredChannel } from './transfer-document.ts';

/**
 * The channels that were written, and what the caller should know about the others and about keys that do not
 * open.
 */
export interface ImportedChannels {
  taken: number;
  warnings: string[];
}

/** Adds channels and replaces those that were not edited later. Leaves out keys that another host would receive. */
export async function importChannels(
  services: ManagementServices,
  given: readonly TransferredChannel[],
): Promise<ImportedChannels> {
  if (given.length === 0) return { taken: 0, warnings: [] };
  const here = await services.routing.loadChannels();
  const open = services.encryptionKeys.open;
  const ownIds = new Set(await Promise.all(open.map(encryptionKeyIdOf)));
  const takesAll = await keepsNoKeys(services.db, here);
  const warnings: string[] = [];
  const records: ChannelRecord[] = [];
  for (const channel of given) {
    const record = channelRecord(channel);
    const locked = channel.keys.some(({ encryption_key_id }) => !ownIds.has(encryption_key_id));
    if (locked) warnings.push(lockedWarning(channel));
    const isFine = (key: SealedKey, index: number) =>
      takesAll ||
      !ownIds.has(key.encryptionKeyId) ||
      isKnownThere(key, record.channel, here) ||
      isProven(key, channel.keys[index]?.address_proof, record.channel, open);
    if (record.channel.keys.every(isFine)) records.push(record);
    else if (here.some(({ id }) => id === channel.id)) warnings.push(keptWarning(channel));
    else {
      records.push({ ...record, channel: { ...record.channel, keys: [], enabled: false } });
      warnings.push(withoutKeysWarning(channel));
    }
  }
  return { taken: await services.routing.takeOverChannels(records), warnings };
}

/** Returns whether any channel here has the same key for the same address. */
function isKnownThere(key: SealedKey, channel: Channel, here: readonly Channel[]): boolean {
  return here.some(
    (known) =>
      keyDestination(known) === keyDestination(channel) &&
      known.keys.some(({ iv, sealed }) => iv === key.iv && sealed === key.sealed),
  );
}

/** The audit keeps every change of a channel, and nobody can delete entries. */
async function keepsNoKeys(db: D1Database, here: readonly Channel[]): Promise<boolean> {
  return !here.some(({ keys }) => keys.length > 0) && !(await hasAudited(db, '/channels'));
}

function lockedWarning({ id, name }: TransferredChannel): string {
  return `Channel ${id} (${name}) has keys sealed under another ENCRYPTION_KEY: set that one here, or give the channel its keys again.`;
}

function keptWarning({ id, name }: TransferredChannel): string {
  return `Channel ${id} (${name}) was left as it is: the document does not prove that its keys belong to this address. Edit it, or export again with this version.`;
}

function withoutKeysWarning({ id, name }: TransferredChannel): string {
  return `Channel ${id} (${name}) was added without its keys and disabled: the document does not prove that they belong to this address. Give the channel its keys again, or export again with this version.`;
}
