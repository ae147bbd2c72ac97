// Decides what happens to the upstream when its client leaves: it is aborted at once, or read on for its usage if the provider bills what the
// client did not see.
import { isObject } from '../../formats/json-reader.ts';
import type { Meter } from '../../formats/meter.ts';
import { charactersPerToken } from '../../metering/estimate.ts';
import { unseenOutputOf } from '../../metering/unseen-output.ts';
import type { Call } from '../call.ts';
import { streamRhythm } from '../limits.ts';
import type { PricedRoute } from '../plan/candidate-routes.ts';
import type { Plan } from '../plan/plan.ts';
import { bodyValue } from '../request/read-body.ts';
import { isUsageKnown } from './stream-task.ts';

/**
 * A stream of an unknown model that ran at least so long and showed fewer tokens a second than any host writes has probably been reasoning.
 */
export const silentThought = { afterMs: 5_000, tokensPerSecond: 15 } as const;

/** What the decision depends on. */
export interface LeftStream {
  call: Call;
  plan: Plan;
  route: PricedRoute;
  meter: Meter;
  /** Since the request was sent. */
  elapsedMs: number;
}

/**
 * Returns how long to read on, in milliseconds. A channel's `on_disconnect` decides; else an answer that has begun is read on if it may cost
 * more than was seen of it: hidden reasoning, pictures, sound, and an incomplete object.
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
  return mayReason || mayHaveMedia(call, plan);
}

function showsLittle({ outputCharacters }: Meter, elapsedMs: number): boolean {
  const tokens = outputCharacters / charactersPerToken;
  return elapsedMs >= silentThought.afterMs && tokens < (elapsedMs / 1_000) * silentThought.tokensPerSecond;
}

const mediaFields = /"(image_generation|modalities|responseModalities|response_modalities|partial_images)"/;

/**
 * Returns whether a stream may contain media. JavaScript then passes it on, which holds the upstream back when the caller reads
 * slowly: media come in megabytes, and a pipe with two separately buffered branches has no limit. The longest answer limits text.
 */
export function mayHaveMedia({ endpoint }: Call, { model, body }: Plan): boolean {
  const { task } = endpoint.format;
  if (task === 'images' || task === 'speech' || task === 'transcription') return true;
  return /image|audio/i.test(model ?? '') || (body.type === 'json' && mediaFields.test(body.text));
}
