// The health of a channel and its keys, for its operator. Pure.
import { z } from '@hono/zod-openapi';
import { modelsIn, type TargetHealth, targetName } from '../../routing/health.ts';
import type { ChannelRecord } from '../../routing/store.ts';
import { type ChannelView, channel } from './channel-fields.ts';
import { channelView } from './channel-views.ts';
import { isoOf, isoTime } from './values.ts';

const health = z
  .object({
    state: z.enum(['ready', 'test_failed', 'cooling', 'probe', 'refused']).openapi({
      description:
        '`test_failed`: the last test failed, and nothing has succeeded since; `cooling`: left alone until `cool_until`; `probe`: the next request is a trial; `refused`: the provider refuses the key, which is for the operator to fix.',
    }),
    failures: z.int().openapi({ description: 'In a row.' }),
    cool_until: isoTime.nullable(),
    last_error: z.string().nullable(),
    last_error_at: isoTime.nullable(),
    last_status: z
      .int()
      .nullable()
      .openapi({ description: 'The status of that error; null: there was no answer.' }),
    last_message: z.string().nullable().openapi({
      description: 'What the upstream said about it. Without keys, addresses, and text of requests.',
    }),
    first_byte_ms: z
      .number()
      .nullable()
      .openapi({ description: 'Moving average; null: nothing has come from there of late.' }),
  })
  .openapi('PlaceHealth');
export type HealthView = z.infer<typeof health>;

const lastError = z
  .object({ at: isoTime.nullable(), status: z.int().nullable(), message: z.string() })
  .nullable()
  .openapi({
    description: 'The newest error of the channel, of one of its keys, or of a model. null: none recently.',
  });

const modelHealth = z.object({
  model: z.string().openapi({ description: 'As the upstream calls it.' }),
  key_id: z.string().nullable(),
  health,
});

export const channelWithHealth = channel
  .extend({
    keys: z.array(z.object({ id: z.string(), hint: z.string(), health })),
    health: health.openapi({
      description: 'Of the channel itself; when all of its keys are away, of those.',
    }),
    model_health: z.array(modelHealth).openapi({
      description: 'Models that a key has reached the rate limit of; other models go on by that key.',
    }),
    last_error: lastError,
  })
  .openapi('ChannelWithHealth');
export type ChannelWithHealth = z.infer<typeof channelWithHealth>;

/** Returns the health of a channel, its keys, and the models of its keys. */
export type ChannelHealth = Pick<ChannelWithHealth, 'health' | 'keys' | 'model_health' | 'last_error'>;

/** `report`: the health of targets by name. */
export function channelViewWithHealth(
  record: ChannelRecord,
  report: Readonly<Record<string, TargetHealth>>,
  nowMs: number,
) {
  const view: ChannelView = channelView(record);
  const { health: own, ...parts } = channelHealth(view.id, view.keys, report, nowMs);
  const [first] = parts.keys;
  const isWithoutKeys = parts.keys.length > 0 && parts.keys.every(({ health }) => isAway(health));
  return { ...view, ...parts, health: isWithoutKeys && !isAway(own) && first ? first.health : own };
}

/** For one channel, stored or not. */
export function channelHealth(
  channelId: string,
  keys: readonly { id: string; hint: string }[],
  report: Readonly<Record<string, TargetHealth>>,
  nowMs: number,
): ChannelHealth {
  const viewOf = (keyId: string | null) => healthView(report[targetName({ channelId, keyId })], nowMs);
  const models = modelsIn(report, channelId).map(({ model, keyId, health }) => ({
    model,
    key_id: keyId,
    health: healthView(health, nowMs),
  }));
  const parts = {
    health: viewOf(null),
    keys: keys.map(({ id, hint }) => ({ id, hint, health: viewOf(id) })),
    model_health: models.filter(({ health: { state } }) => state !== 'ready'),
  };
  return { ...parts, last_error: lastErrorOf(parts) };
}

/** Returns the newest error. What the upstream said is more than the relay's own short reason. */
function lastErrorOf({ health, keys, model_health }: Omit<ChannelHealth, 'last_error'>) {
  const ofModels = model_health.map(({ model, health }) => ({ prefix: `${model}: `, health }));
  const others = [health, ...keys.map((key) => key.health)].map((health) => ({ prefix: '', health }));
  const errors = [...others, ...ofModels].flatMap(({ prefix, health }) => {
    const { last_error, last_error_at: at, last_status: status, last_message } = health;
    return last_error === null ? [] : [{ at, status, message: prefix + (last_message ?? last_error) }];
  });
  return errors.sort((one, other) => (other.at ?? '').localeCompare(one.at ?? ''))[0] ?? null;
}

function isAway({ state }: HealthView): boolean {
  return state === 'cooling' || state === 'refused';
}

/** Returns the health of one target. Undefined health: nothing is known, so it is healthy. */
function healthView(place: TargetHealth | undefined, nowMs: number): HealthView {
  if (place === undefined) return blank;
  return {
    state: stateOf(place, nowMs),
    failures: place.failures,
    cool_until: place.coolUntilMs > nowMs ? isoOf(Math.round(place.coolUntilMs)) : null,
    last_error: place.lastError,
    last_error_at: place.lastErrorAtMs > 0 ? isoOf(place.lastErrorAtMs) : null,
    last_status: place.lastStatus ?? null,
    last_message: place.lastMessage ?? null,
    first_byte_ms: place.firstByteMs === null ? null : Math.round(place.firstByteMs),
  };
}

function stateOf(place: TargetHealth, nowMs: number): HealthView['state'] {
  const { failures, isRefused, isTestFailed, coolUntilMs } = place;
  if (isRefused) return 'refused';
  if (failures === 0) return isTestFailed === true ? 'test_failed' : 'ready';
  return nowMs < coolUntilMs ? 'cooling' : 'probe';
}

const blank: HealthView = {
  state: 'ready',
  failures: 0,
  cool_until: null,
  last_error: null,
  last_error_at: null,
  last_status: null,
  last_message: null,
  first_byte_ms: null,
};
