// Converts between the form of a channel and the management API.
import { presets } from '../../providers/presets.ts';
import type { ChannelWithHealth } from '../api/channel-health.ts';
import { kindOf, locationSettings, pickedOf } from './channel-picker.ts';
import { listOf, textOf, type Values } from './page-env.ts';

/** What new channels and edits have in common. Includes every field of the form. */
function channelBody(values: Values): Record<string, unknown> {
  const { provider, label } = kindOf(textOf(values, 'provider'));
  return {
    provider,
    name: textOf(values, 'name').trim() || label,
    models: modelsOfForm(values),
    model_map: Object.fromEntries(
      listOf(values, 'model_map').map((line) => {
        const [asked = '', ...rest] = line.split('=');
        return [asked.trim(), rest.join('=').trim()];
      }),
    ),
    base_url: textOf(values, 'base_url').trim() || null,
    ...(values.headers !== undefined && { headers: headersOf(values) }),
    priority: Number(textOf(values, 'priority') || '0'),
    weight: Number(textOf(values, 'weight') || '1'),
    enabled: textOf(values, 'enabled') !== 'no',
    ...(values.says_groups !== undefined && { groups: listOf(values, 'groups') }),
  };
}

/** Returns the lines of `Name: value`. A line without a colon is a name without a value, which the API refuses. */
function headersOf(values: Values): Record<string, string> {
  const lines = textOf(values, 'headers').split(/\r?\n/);
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [name = '', ...rest] = line.split(':');
      return line.trim() === '' ? [] : [[name.trim(), rest.join(':').trim()]];
    }),
  );
}

/** Returns the timeouts, which the form has in seconds. An empty field removes one. */
function timeoutsOf(values: Values): Record<string, number> {
  const given = [
    ['first_byte_ms', textOf(values, 'first_byte_s')],
    ['idle_ms', textOf(values, 'idle_s')],
  ] as const;
  return Object.fromEntries(
    given.flatMap(([name, text]) => (text.trim() === '' ? [] : [[name, Math.round(Number(text) * 1_000)]])),
  );
}

/** For a new channel: its kind and key as well. */
export function newChannelBody(values: Values): Record<string, unknown> {
  const { preset } = kindOf(textOf(values, 'provider'));
  const key = textOf(values, 'key').trim();
  return {
    ...channelBody(values),
    keys: key === '' ? [] : [key],
    settings: { ...placesOf(values), ...timeoutsOf(values) },
    ...(preset !== undefined && { preset }),
  };
}

/** For an edit. A typed key replaces all keys; settings that the form does not show stay. */
export function channelEditBody(values: Values, before: ChannelWithHealth): Record<string, unknown> {
  const body = channelBody(values);
  const { preset } = kindOf(textOf(values, 'provider'));
  const {
    preset: _preset,
    region: _region,
    project: _project,
    location: _location,
    first_byte_ms,
    idle_ms,
    ...kept
  } = before.settings;
  const shown = values.first_byte_s === undefined ? { first_byte_ms, idle_ms } : timeoutsOf(values);
  const typed = textOf(values, 'keys').trim();
  return {
    ...body,
    ...(typed !== '' && { keys: [typed] }),
    base_url: body.base_url ?? (preset === undefined ? null : presets[preset].baseUrl),
    settings: { ...kept, ...shown, ...placesOf(values), ...(preset !== undefined && { preset }) },
  };
}

/** Returns the address fields of the chosen provider; those of other providers are ignored. */
function placesOf(values: Values): Record<string, string> {
  const { provider } = kindOf(textOf(values, 'provider'));
  const own = locationSettings.filter((setting) => setting.provider === provider);
  const given = own.map(({ name }) => [name, textOf(values, name).trim()] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== ''));
}

/** Joins ticked and typed names. */
export function modelsNamed(values: Values): string[] {
  return [...new Set([...listOf(values, 'found'), ...listOf(values, 'models')])];
}

/** Returns those models, or the provider's usual ones if there are none. Empty: the upstream's list decides. */
export function modelsOfForm(values: Values): string[] {
  const named = modelsNamed(values);
  if (named.length > 0) return named;
  return [...(kindOf(textOf(values, 'provider')).models ?? [])];
}

/** Returns a channel's values for the form. */
export function valuesOfChannel(channel: ChannelWithHealth): Values {
  return {
    provider: pickedOf(channel),
    name: channel.name,
    models: channel.models,
    model_map: Object.entries(channel.model_map)
      .map(([asked, upstream]) => `${asked} = ${upstream}`)
      .join('\n'),
    base_url: channel.base_url ?? '',
    priority: String(channel.priority),
    weight: String(channel.weight),
    enabled: channel.enabled ? 'yes' : 'no',
    headers: Object.entries(channel.headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
    first_byte_s: secondsText(channel.settings.first_byte_ms),
    idle_s: secondsText(channel.settings.idle_ms),
    says_groups: 'yes',
    groups: channel.groups,
    ...Object.fromEntries(locationSettings.map(({ name }) => [name, channel.settings[name] ?? ''])),
  };
}

function secondsText(ms: number | undefined): string {
  return ms === undefined ? '' : String(ms / 1_000);
}
