// How long an upstream may take. A channel may say otherwise; a model that reasons is silent for minutes.

import type { PricedRoute } from '../plan/candidate-routes.ts';
import type { Plan } from '../plan/plan.ts';

/** Milliseconds to the head of the response, and between two pieces of a stream. */
export interface Patience {
  firstByteMs: number;
  idleMs: number;
}

/** Defaults, by what is asked for. */
const patience = {
  stream: { firstByteMs: 120_000, idleMs: 120_000 },
  reasoningStream: { firstByteMs: 300_000, idleMs: 300_000 },
  whole: { firstByteMs: 600_000, idleMs: 600_000 },
} as const;

const reasoningModels = /(^|\/)(o\d|gpt-5|.*(think|reason|deep-research|r1\b))/i;

/** The channel's own times, else those of the kind of request. */
export function waitsFor({ facts }: Plan, { channel, model }: PricedRoute): Patience {
  const usual = !facts.stream
    ? patience.whole
    : reasoningModels.test(model ?? '')
      ? patience.reasoningStream
      : patience.stream;
  const { firstByteMs = usual.firstByteMs, idleMs = usual.idleMs } = channel.settings;
  return { firstByteMs, idleMs };
}
