// What becomes of the upstream when its client leaves: it is ended at once, or read on for its usage, where a provider bills
// what the client did not see.
import { isObject } from '../formats/json-reader.ts';
import type { Meter } from '../formats/meter.ts';
import { unseenOutputOf } from '../metering/unseen-output.ts';
import { mayBeBulk } from './bulk.ts';
import type { Call } from './call.ts';
import { streamRhythm } from './limits.ts';
import type { Plan, PricedRoute } from './plan.ts';
import { bodyValue } from './read-body.ts';

/**
 * How long to read on, in milliseconds; 0: not at all. A channel's `on_disconnect` decides; else an answer is read on that
 * had begun to be seen and may cost more than was seen of it: of a model that reasons unseen (or of which nothing is known),
 * pictures, sound, and an object that is not whole.
 */
export function drainMsOf(call: Call, plan: Plan, route: PricedRoute, meter: Meter): number {
  const { onDisconnect } = route.channel.settings;
  const isKnown = meter.usage() !== null && meter.complete;
  if (onDisconnect === 'abort' || isKnown) return 0;
  const isWorthIt = onDisconnect === 'drain' || mayCostUnseen(call, plan, route, meter);
  return isWorthIt ? streamRhythm.drainMs : 0;
}

function mayCostUnseen(call: Call, plan: Plan, { upstreamModel }: PricedRoute, meter: Meter): boolean {
  if (meter.framing === 'json') return true;
  if (!meter.started) return false;
  const request = bodyValue(plan.body);
  const unseen = unseenOutputOf(meter.kind, upstreamModel, isObject(request) ? request : {});
  return unseen.reasons !== 'no' || mayBeBulk(call, plan);
}
