// Checks of the relay itself: secrets, the hourly work, channels.
import type { EncryptionKeys } from '../../lib/encryption-keys.ts';
import { encryptionKeyIdOf } from '../../lib/seal.ts';
import type { Channel } from '../../routing/channel.ts';
import type { Discovery } from '../api/services.ts';
import { broken, type Finding, warning, works } from './finding.ts';
import { firstTokenAtMs, type HourlyRun, lastHourlyRun } from './hourly-run-store.ts';

const setKey =
  'Set it (openssl rand -hex 32 | npx wrangler secret put ENCRYPTION_KEY), and keep a copy; on a machine of your own `npm start` makes one.';

/**
 * Checks the secrets, and that the known keys open stored secrets. ADMIN_KEY must exist, or nobody could call
 * this.
 */
export async function checkSecrets(keys: EncryptionKeys, channels: readonly Channel[]): Promise<Finding> {
  const locked = await channelsWithLockedKeys(keys, channels);
  if (keys.seal === null) {
    const detail = 'ENCRYPTION_KEY is not set: channels cannot store keys, and stored keys cannot be read.';
    return broken('secrets', 'encryption_key_missing', detail, setKey);
  }
  if (locked.length > 0) {
    const detail = `Keys of ${locked.join(', ')} are sealed under another ENCRYPTION_KEY.`;
    const remedy =
      'Set the ENCRYPTION_KEY that sealed them as ENCRYPTION_KEY_PREVIOUS and call POST /api/encryption-key/reseal, or enter the keys of these channels again.';
    return broken('secrets', 'keys_locked', detail, remedy);
  }
  return works('secrets', 'ADMIN_KEY and ENCRYPTION_KEY are set, and open what is stored.');
}

async function channelsWithLockedKeys(
  { open }: EncryptionKeys,
  channels: readonly Channel[],
): Promise<string[]> {
  const known = await Promise.all(open.map(encryptionKeyIdOf));
  return channels
    .filter(({ keys }) => keys.some(({ encryptionKeyId }) => !known.includes(encryptionKeyId)))
    .map(({ name }) => JSON.stringify(name));
}

/** The hourly work is late after this: two runs are missing. */
export const cronLateMs = 2 * 3_600_000;

/** Checks that the hourly work runs. Rejects when the database does not answer. */
export async function checkCron(db: D1Database, nowMs: number): Promise<Finding> {
  const run = await lastHourlyRun(db);
  if (run === null) return unrecordedRun(await firstTokenAtMs(db), nowMs);
  const at = new Date(run.atMs).toISOString();
  if (nowMs - run.atMs > cronLateMs) return lateRun(`The hourly work ran last at ${at}.`);
  return run.failures.length === 0 ? works('cron', `The hourly work ran at ${at}.`) : failedRun(run, at);
}

function unrecordedRun(firstUseMs: number | null, nowMs: number): Finding {
  if (firstUseMs !== null && nowMs - firstUseMs > cronLateMs) return lateRun('The hourly work never ran.');
  const detail = 'The hourly work has not run yet.';
  return warning('cron', 'cron_not_yet', detail, 'It runs at minute 17 of every hour. Ask again after that.');
}

function lateRun(detail: string): Finding {
  const remedy =
    'Deploy the cron trigger (npx wrangler triggers deploy), and see it under Settings → Trigger Events of the Worker. An account of the free plan has five in all.';
  return broken('cron', 'cron_late', detail, remedy);
}

function failedRun({ failures }: HourlyRun, at: string): Finding {
  const detail = `A part of the hourly work of ${at} failed: ${failures.join('; ')}`;
  return broken('cron', 'cron_failed', detail, 'See the log of the Worker: npx wrangler tail');
}

/** Channels that are called at a time, and in total: an invocation on the free plan may make 50 requests. */
const askedChannels = { atATime: 4, most: 10 } as const;

/** Requests each channel's list of models, which costs nothing. Never rejects for upstream errors. */
export async function checkChannels(
  channels: readonly Pick<Channel, 'id' | 'name'>[],
  discover: (channelId: string) => Promise<Discovery>,
): Promise<Finding[]> {
  if (channels.length === 0) {
    const remedy =
      'Add a channel on the page Channels, or set a provider’s key: npx wrangler secret put OPENAI_API_KEY';
    return [warning('channels', 'channel_none', 'No channel is enabled: no model can be called.', remedy)];
  }
  const asked = channels.slice(0, askedChannels.most);
  const answers: Answer[] = [];
  for (let from = 0; from < asked.length; from += askedChannels.atATime) {
    const some = asked.slice(from, from + askedChannels.atATime);
    answers.push(...(await Promise.all(some.map((channel) => askChannel(channel, discover)))));
  }
  return findingsOf(answers, channels.length - asked.length);
}

interface Answer {
  readonly name: string;
  /** `unlisted`: this kind of upstream has no list. */
  readonly outcome: 'listed' | 'unlisted' | 'failed';
  readonly error: string;
}

async function askChannel(
  { id, name }: Pick<Channel, 'id' | 'name'>,
  discover: (channelId: string) => Promise<Discovery>,
): Promise<Answer> {
  const { models, error = '', hasList } = await discover(id);
  if (models !== null) return { name, outcome: 'listed', error };
  return { name, outcome: hasList === false ? 'unlisted' : 'failed', error };
}

function findingsOf(answers: readonly Answer[], left: number): Finding[] {
  const named = (outcome: Answer['outcome']) =>
    answers.filter((answer) => answer.outcome === outcome).map(({ name }) => JSON.stringify(name));
  const failed = answers
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ name, error }) => {
      const detail = `Channel ${JSON.stringify(name)} does not answer: ${error}`;
      return broken('channels', 'channel_failed', detail, remedyOf(error));
    });
  const [listed, unlisted] = [named('listed'), named('unlisted')];
  const answered = [
    ...(listed.length > 0 ? [`${listed.join(', ')} ${listed.length === 1 ? 'answers' : 'answer'}.`] : []),
    ...(unlisted.length > 0
      ? [`${unlisted.join(', ')}: no list of models to ask for; use Test on the page Channels.`]
      : []),
    ...(left > 0 ? [`${left} more were not asked.`] : []),
  ];
  return [...failed, ...(answered.length > 0 ? [works('channels', answered.join(' '))] : [])];
}

function remedyOf(error: string): string {
  if (/answered 40[123]\b/.test(error))
    return 'Replace its key on the page Channels: the provider refuses it.';
  if (/answered 404\b/.test(error))
    return 'Check its base URL: nothing is there at the path of this provider.';
  return 'Check its base URL and that the provider is up; disable the channel until then.';
}
