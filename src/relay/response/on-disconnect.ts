// What becomes of the upstream when its client leaves: it is ended at once, or read on for its usage, where a provider bills
// what the client did not see.
import { isObject } from '../../formats/json-reader.ts';
import type { Meter } from '../../formats/meter.ts';
import { charactersPerToken } from '../../metering/estimate.ts';
import { unseenOutputOf } from '../../metering/unseen-output.ts';
import type { Call } from '../call.ts';
import { streamRhythm } from '../limits.ts';
import type { PricedRoute } from '../plan/candidate-routes.ts';
import type { Plan } from '../plan/plan.ts';
import { bodyValue } from '../request/read-body.ts';
import { mayBeBulk } from './media-streams.ts';
import { isUsageKnown } from './stream-task.ts';

/**
 * Of a model of which nothing is known, a stream that ran at least so long and showed fewer tokens a second than any host
 * writes has probably been thinking.
 */
export const silentThought = { afterMs: 5_000, tokensPerSecond: 15 } as const;

/** What of a stream decides. */
export interface LeftStream {
  call: Call;
  plan: Plan;
  route: PricedRoute;
  meter: Meter;
  /** Since the request was sent. */
  elapsedMs: number;
}

/**
 * How long to read on, in milliseconds; 0: not at all. A channel's `on_disconnect` decides; else an answer is read on that
 * had begun to be seen and may cost more than was seen of it: of a model that reasons unseen, pictures, sound, and an object
 * that is not whole.
 */
export function drainMsOf(left: LeftStream): number {
  const { onDisconnect } = left.route.channel.settings;
  if (onDisconnect === 'abort' || isUsageKnown(left.meter)) return 0;
  return onDisconnect === 'drain' || mayCostUnseen(left) ? streamRhythm.drainMs : 0;
}

function mayCostUnseen({ call, plan, route, meter, elapsedMs }: LeftStream): boolean {
  if (meter.framing === 'json') return true;
  if (!meter.started) return false;
  const request = bodyValue(plan.body);
  const { reasons } = unseenOutputOf(meter.format, route.upstreamModel, isObject(request) ? request : {});
  const mayReason = reasons === 'yes' || (reasons === 'possible' && showsLittle(meter, elapsedMs));
  return mayReason || mayBeBulk(call, plan);
}

function showsLittle({ outputCharacters }: Meter, elapsedMs: number): boolean {
  const tokens = outputCharacters / charactersPerToken;
  return elapsedMs >= silentThought.afterMs && tokens < (elapsedMs / 1_000) * silentThought.tokensPerSecond;
}
