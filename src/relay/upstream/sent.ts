// What an upstream sent back, as the phases after `send` see it. Types only.
import type { Attempt } from '../../metering/log-row.ts';
import type { ChannelKey } from '../../routing/key-ring.ts';
import type { PricedRoute } from '../plan/candidate-routes.ts';
import type { UploadedAudio } from '../request/uploaded-audio.ts';
import type { Translation } from '../translation/translation.ts';

/** What sending has come to, whatever the outcome: the log row and the charge are made of it. */
export interface Sending {
  /** The route of the last attempt, or null before the first. */
  route: PricedRoute | null;
  attempts: readonly Attempt[];
  /** When the request went to that route. */
  sentAtMs: number;
  timeToFirstByteMs: number | null;
  /** What translation could not express. */
  dropped: readonly string[];
  /** The sound that was uploaded, as it passed. */
  uploadedAudio: UploadedAudio | null;
}

/** An upstream's response. */
export interface UpstreamResponse {
  response: Response;
  /** The whole body, if it has been read already. */
  bytes: Uint8Array<ArrayBuffer> | null;
}

/** An upstream's response, and how it was got. */
export interface Sent extends UpstreamResponse {
  /** The upstream refuses the request, whatever its status says: nothing is charged. */
  isRefusal: boolean;
  route: PricedRoute;
  key: ChannelKey;
  abort: AbortController;
  /** Turns the answer into the caller's format, or null if the upstream speaks it. */
  translation: Translation | null;
  /** The relay switched usage reporting on; what that adds is taken out again. */
  usageSwitchedOn: boolean;
}

/** A response that goes to the caller, with all that sending came to. */
export interface Answered extends Sent {
  sending: Sending;
}
