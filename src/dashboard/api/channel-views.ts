// Converts between the management API's fields of a channel and the stored record. channel-keys.ts handles keys,
// and channel-checks.ts validates channels as a whole. Pure.

import type { ChannelSettings } from '../../providers/channel-settings.ts';
import type { ChannelChanges, ChannelRecord } from '../../routing/store.ts';
import type { ChannelEdit, ChannelView, NewChannel, SettingsView } from './channel-fields.ts';
import { isoOf } from './values.ts';

/** A channel without its keys, except for their hints. */
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

/** Returns the fields that an edit (or a new channel) sets, without keys. Null means "none" or "all". */
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

function settingsView(settings: ChannelSettings): SettingsView {
  const { preset, responsesApi, firstByteMs, idleMs, region, project, location, sharedResources } = settings;
  const times = { first_byte_ms: firstByteMs, idle_ms: idleMs };
  const shared = sharedResources === undefined ? undefined : [...sharedResources];
  const { onDisconnect: on_disconnect, forwardHeaders, promptCache: prompt_cache } = settings;
  const { pingIntervalMs: ping_interval_ms, pingNative: ping_native } = settings;
  const forwarded = forwardHeaders && { forward_headers: [...forwardHeaders] };
  return {
    preset,
    responses_api: responsesApi,
    ...times,
    ping_interval_ms,
    ping_native,
    on_disconnect,
    ...forwarded,
    prompt_cache,
    region,
    project,
    location,
    shared_resources: shared,
  };
}

export function settingsOf(view: SettingsView): ChannelSettings {
  const { preset, responses_api, first_byte_ms, idle_ms, region, project, location, shared_resources } = view;
  return {
    ...(preset !== undefined && { preset }),
    ...(responses_api !== undefined && { responsesApi: responses_api }),
    ...(first_byte_ms !== undefined && { firstByteMs: first_byte_ms }),
    ...(idle_ms !== undefined && { idleMs: idle_ms }),
    ...(view.ping_interval_ms !== undefined && { pingIntervalMs: view.ping_interval_ms }),
    ...(view.ping_native !== undefined && { pingNative: view.ping_native }),
    ...(view.on_disconnect !== undefined && { onDisconnect: view.on_disconnect }),
    ...(view.forward_headers !== undefined && { forwardHeaders: view.forward_headers }),
    ...(view.prompt_cache !== undefined && { promptCache: view.prompt_cache }),
    ...(region !== undefined && { region }),
    ...(project !== undefined && { project }),
    ...(location !== undefined && { location }),
    ...(shared_resources !== undefined && { sharedResources: shared_resources }),
  };
}
