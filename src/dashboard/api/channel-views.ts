// Between the management API's fields of a channel and the record that is stored; and what must hold of a
// channel as a whole. Keys go in by channel-keys.ts. Pure.

import type { ChannelSettings } from '../../providers/provider.ts';
import type { Channel } from '../../routing/channel.ts';
import type { ChannelChanges, ChannelRecord } from '../../routing/store.ts';
import type { ChannelEdit, ChannelView, NewChannel, SettingsView } from './channel-fields.ts';
import { fieldProblem } from './problem.ts';
import { isoOf } from './values.ts';

/** A channel without its keys, but for their hints. */
export function channelView({ channel, createdAtMs, updatedAtMs }: ChannelRecord): ChannelView {
  const { id, name, provider, baseUrl, models, modelMap, priority, weight, enabled, headers, groups } =
    channel;
  return {
    id,
    name,
    provider,
    base_url: baseUrl,
    keys: channel.keys.map(({ id, hint }) => ({ id, hint })),
    models: [...models],
    model_map: { ...modelMap },
    priority,
    weight,
    enabled,
    headers: { ...headers },
    groups: [...groups],
    settings: settingsView(channel.settings),
    created_at: isoOf(createdAtMs),
    updated_at: isoOf(updatedAtMs),
  };
}

/** What an edit (or a new channel) sets, keys apart; null counts as "none" or "all". */
export function changesOfChannel(edit: ChannelEdit | NewChannel): ChannelChanges {
  const { name, provider, base_url, models, model_map, priority, weight, enabled, headers, groups } = edit;
  return {
    ...(name !== undefined && { name }),
    ...(provider !== undefined && { provider }),
    ...(base_url !== undefined && { baseUrl: base_url }),
    ...(models !== undefined && { models }),
    ...(model_map !== undefined && { modelMap: model_map ?? {} }),
    ...(priority !== undefined && { priority }),
    ...(weight !== undefined && { weight }),
    ...(enabled !== undefined && { enabled }),
    ...(headers !== undefined && { headers: headers ?? {} }),
    ...(groups !== undefined && { groups: groups ?? [] }),
    ...(edit.settings !== undefined && { settings: settingsOf(edit.settings ?? {}) }),
  };
}

export function settingsView({ preset, responsesApi, firstByteMs, idleMs }: ChannelSettings): SettingsView {
  return { preset, responses_api: responsesApi, first_byte_ms: firstByteMs, idle_ms: idleMs };
}

export function settingsOf({ preset, responses_api, first_byte_ms, idle_ms }: SettingsView): ChannelSettings {
  return {
    ...(preset !== undefined && { preset }),
    ...(responses_api !== undefined && { responsesApi: responses_api }),
    ...(first_byte_ms !== undefined && { firstByteMs: first_byte_ms }),
    ...(idle_ms !== undefined && { idleMs: idle_ms }),
  };
}

/** Throws a Problem for what no single field can show to be wrong. `keyCount`: keys that it will have. */
export function checkChannel(channel: Omit<Channel, 'keys' | 'id'>, keyCount: number): void {
  const { provider, baseUrl, models, modelMap } = channel;
  if (baseUrl === null && (provider === 'azure' || provider === 'openai-compatible')) {
    throw fieldProblem('base_url', `a channel of the provider \`${provider}\` needs one`);
  }
  if (channel.settings.preset !== undefined && provider !== 'openai-compatible') {
    throw fieldProblem('preset', 'only a channel of the provider `openai-compatible` has one');
  }
  if (provider !== 'azure' && baseUrl?.includes('?')) {
    throw fieldProblem('base_url', 'only an Azure address has an `api-version`');
  }
  if (keyCount === 0 && provider !== 'openai-compatible') {
    throw fieldProblem('keys', `a channel of the provider \`${provider}\` needs at least one key`);
  }
  if (models.length === 0 && Object.keys(modelMap).length === 0) {
    throw fieldProblem('models', 'name at least one model, or `*` for every model');
  }
}
