// Timeouts of an upstream. A channel may set its own; a model that reasons is silent for minutes.

import type { PricedRoute } from '../plan/candidate-routes.ts';
import type { Plan } from '../plan/plan.ts';

/** Milliseconds to the head of the response, and between two pieces of a stream. */
interface Timeouts {
  firstByteMs: number;
  idleMs: number;
}

/** Defaults by kind of request. */
const defaults = {
  stream: { firstByteMs: 120_000, idleMs: 120_000 },
  reasoningStream: { firstByteMs: 300_000, idleMs: 300_000 },
  whole: { firstByteMs: 600_000, idleMs: 600_000 },
} as const;

const reasoningModels = /(^|\/)(o\d|gpt-5|.*(think|reason|deep-research|r1\b))/i;

/** Returns the channel's own timeouts, else those of the kind of request. */
export function timeoutsOf({ facts }: Plan, { channel, model }: PricedRoute): Timeouts {
  const usual = !facts.stream
    ? defaults.whole
    : reasoningModels.test(model ?? '')
      ? defaults.reasoningStream
      : defaults.stream;
  const { firstByteMs = usual.firstByteMs, idleMs = usual.idleMs } = channel.settings;
  return { firstByteMs, idleMs };
}
