// What the dashboard and the management API ask of a channel: does it answer, and which models has it?
import { wordsWithCause } from '../../lib/relay-error.ts';
import type { RelayServices } from '../call.ts';
import { type TrialServices, tryChannel } from './channel-probe.ts';

type CheckServices = TrialServices & Pick<RelayServices, 'catalog' | 'health'>;

/** Sends one small request through a channel. One that succeeds also ends the cooldowns of its channel, key and model. */
export async function testChannel(
  services: CheckServices,
  channelId: string,
  model: string | undefined,
  keyId: string | null,
) {
  const current = await services.catalog.current(Date.now(), () => undefined);
  const channel = current.channel(channelId);
  if (channel === null) return { ok: false, status: null, latency_ms: 0, error: 'There is no such channel.' };
  const startedAtMs = Date.now();
  const { trial, upstreamModel } = await tryChannel(channel, model, keyId, services);
  const tried = upstreamModel === null ? {} : { upstreamModel };
  const place = { channelId, keyId: keyId ?? channel.keys[0]?.id ?? null, ...tried };
  const told: Promise<unknown>[] = [];
  if (trial.ok) services.health.succeeded(place, startedAtMs, trial.latency_ms, (work) => told.push(work));
  await Promise.all(told);
  return trial;
}

/** Asks a channel's upstream for its models. Null, with the reason, when it has no list or does not answer. */
export async function discoverModels({ catalog, modelLists }: CheckServices, channelId: string) {
  const channel = (await catalog.current(Date.now(), () => undefined)).channel(channelId);
  if (channel === null) return { models: null, error: 'There is no such channel.' };
  try {
    const models = await modelLists.discover(channel);
    if (models !== null) return { models };
    return { models, error: 'This kind of upstream has no list of models.', hasList: false };
  } catch (error) {
    return { models: null, error: wordsWithCause(error) };
  }
}
