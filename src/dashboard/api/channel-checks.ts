// Validates a channel as a whole, and its provider's keys. Pure; throws Problems that name the field.
import { faultOfAwsKey, regionOfHost } from '../../providers/bedrock-key.ts';
import type { ChannelSettings } from '../../providers/channel-settings.ts';
import type { ProviderName } from '../../providers/provider-name.ts';
import { faultOfVertexKey, minimalKey } from '../../providers/service-account.ts';
import type { Channel } from '../../routing/channel.ts';
import { fieldProblem } from './problem.ts';

type Checked = Omit<Channel, 'keys' | 'id'>;

/** Throws a Problem for faults that involve several fields. `keyCount`: the keys that it will have. */
export function checkChannel(channel: Checked, keyCount: number): void {
  checkAddress(channel);
  checkSettings(channel);
  checkKeyCount(channel.provider, keyCount);
  if (channel.models.length === 0 && Object.keys(channel.modelMap).length === 0) {
    throw fieldProblem('models', 'name at least one model, or `*` for every model');
  }
}

function checkAddress({ provider, baseUrl, settings }: Checked): void {
  if (baseUrl === null && (provider === 'azure' || provider === 'openai-compatible')) {
    throw fieldProblem('base_url', `a channel of the provider \`${provider}\` needs one`);
  }
  if (baseUrl !== null && provider === 'workers-ai') {
    throw fieldProblem(
      'base_url',
      'a channel of the provider `workers-ai` has none: it is the Worker’s own binding',
    );
  }
  if (provider !== 'azure' && baseUrl?.includes('?')) {
    throw fieldProblem('base_url', 'only an Azure address has an `api-version`');
  }
  const isPlaced = settings.region !== undefined || (baseUrl !== null && regionOfHost(baseUrl) !== null);
  if (provider === 'bedrock' && !isPlaced) {
    throw fieldProblem(
      'settings.region',
      'a channel of the provider `bedrock` needs one, such as `us-east-1`',
    );
  }
}

/** The provider that a setting belongs to, by the setting's name in the API. */
const owners: readonly [keyof ChannelSettings, field: string, ProviderName][] = [
  ['preset', 'preset', 'openai-compatible'],
  ['region', 'settings.region', 'bedrock'],
  ['project', 'settings.project', 'vertex'],
  ['location', 'settings.location', 'vertex'],
];

function checkSettings({ provider, settings }: Checked): void {
  for (const [setting, field, owner] of owners) {
    if (settings[setting] === undefined || provider === owner) continue;
    throw fieldProblem(field, `only a channel of the provider \`${owner}\` has one`);
  }
}

function checkKeyCount(provider: ProviderName, count: number): void {
  if (count > 0 && provider === 'workers-ai') {
    throw fieldProblem(
      'keys',
      'a channel of the provider `workers-ai` has none: it is the Worker’s own binding',
    );
  }
  const needsNone = provider === 'openai-compatible' || provider === 'workers-ai';
  if (count === 0 && !needsNone) {
    throw fieldProblem('keys', `a channel of the provider \`${provider}\` needs at least one key`);
  }
}

/** Returns the keys in their stored form. Throws a Problem for a key that the provider cannot have issued. */
export function keysOfProvider(
  provider: ProviderName,
  keys: readonly string[],
  field: 'keys' | 'add_keys',
): string[] {
  const fault = keys.map((key) => faultOf(provider, key)).find((found) => found !== null);
  if (fault !== undefined) throw fieldProblem(field, fault);
  return provider === 'vertex' ? keys.map(minimalKey) : [...keys];
}

function faultOf(provider: ProviderName, key: string): string | null {
  switch (provider) {
    case 'bedrock':
      return faultOfAwsKey(key);
    case 'vertex':
      return faultOfVertexKey(key);
    default:
      return /\s/.test(key) ? 'must be printable ASCII without spaces' : null;
  }
}
