// Creates and edits channels: validates the channel as a whole, seals its keys, stores it, and refreshes the
// catalog.
import { presets } from '../../providers/presets.ts';
import type { Channel } from '../../routing/channel.ts';
import type { TargetId } from '../../routing/health.ts';
import type { ChannelRecord } from '../../routing/store.ts';
import { newId } from '../accounts/secret-value.ts';
import { checkChannel, keysOfProvider } from './channel-checks.ts';
import type { ChannelEdit, NewChannel } from './channel-fields.ts';
import { editedKeys, sealKeys } from './channel-keys.ts';
import { changesOfChannel } from './channel-views.ts';
import { checkKeysStayThere, keyDestination } from './key-destination.ts';
import { notFound, Problem } from './problem.ts';
import type { ManagementServices } from './services.ts';

export async function createChannel(services: ManagementServices, body: NewChannel): Promise<ChannelRecord> {
  const plainKeys = keysOfProvider(body.provider, body.keys ?? [], 'keys');
  const changes = changesOfChannel(withPreset(body));
  const fields = { ...emptyChannel, name: body.name, provider: body.provider, ...changes };
  checkChannel(fields, plainKeys.length);
  const keys = await sealKeys(plainKeys, services.encryptionKey);
  const nowMs = services.now();
  const record = { channel: { ...fields, id: newId('ch'), keys }, createdAtMs: nowMs, updatedAtMs: nowMs };
  await services.routing.insert(record);
  await services.onChannelsChanged();
  return record;
}

export async function editChannel(
  services: ManagementServices,
  id: string,
  edit: ChannelEdit,
): Promise<ChannelRecord> {
  for (let tries = 0; tries < editTries; tries++) {
    const before = await services.routing.find(id);
    if (before === null) throw notFound('channel');
    const record = await editedRecord(services, before.channel, edit);
    if (record === null) continue;
    await services.onChannelsChanged();
    await services.resetChannelHealth(mendedPlaces(before.channel, record.channel));
    return record;
  }
  throw new Problem(
    409,
    'The keys or the address of the channel are being changed by somebody else. Repeat the call.',
  );
}

/** How often an edit is repeated because its channel's keys or address changed meanwhile, or were sealed again. */
const editTries = 5;

/**
 * Returns null if keys or address have changed since they were read: no key may be lost, or be sent to another
 * host.
 */
async function editedRecord(
  { routing, encryptionKey, now }: ManagementServices,
  before: Channel,
  edit: ChannelEdit,
): Promise<ChannelRecord | null> {
  const provider = edit.provider ?? before.provider;
  const keys = await editedKeys(before.keys, withOwnKeys(edit, provider), encryptionKey);
  const changes = { ...changesOfChannel(edit), ...(keys !== null && { keys }) };
  const after = { ...before, ...changes };
  checkChannel(after, after.keys.length);
  checkKeysStayThere(before, after);
  const isBound = keys !== null || keyDestination(before) !== keyDestination(after);
  return routing.update(before.id, changes, isBound ? before : null, now());
}

/**
 * Returns what an edit may have fixed: how the channel is reached, and so its keys too, or only which keys it
 * has.
 */
function mendedPlaces(before: Channel, after: Channel): TargetId[] {
  const own = { channelId: after.id, keyId: null };
  const reached = ({ provider, baseUrl, headers, settings }: Channel) =>
    JSON.stringify([provider, baseUrl, headers, settings]);
  if (reached(before) !== reached(after) || (after.enabled && !before.enabled))
    return [own, ...after.keys.map(({ id }) => ({ channelId: after.id, keyId: id }))];
  const hasNewKey = after.keys.some(({ id }) => !before.keys.some((key) => key.id === id));
  return hasNewKey ? [own] : [];
}

/** Returns the edit with its keys in their stored form. */
function withOwnKeys(edit: ChannelEdit, provider: Channel['provider']): ChannelEdit {
  const { keys, add_keys } = edit;
  return {
    ...edit,
    ...(keys !== undefined && { keys: keysOfProvider(provider, keys, 'keys') }),
    ...(add_keys !== undefined && { add_keys: keysOfProvider(provider, add_keys, 'add_keys') }),
  };
}

/** Fills in a preset's values where the caller gives none. */
function withPreset(body: NewChannel): NewChannel {
  const { preset } = body;
  if (preset === undefined) return body;
  const base_url = body.base_url ?? presets[preset].baseUrl;
  return { ...body, base_url, settings: { ...body.settings, preset } };
}

const emptyChannel: Omit<Channel, 'id' | 'name' | 'provider' | 'keys'> = {
  baseUrl: null,
  models: [],
  modelMap: {},
  priority: 0,
  weight: 1,
  enabled: true,
  headers: {},
  groups: [],
  settings: {},
};
