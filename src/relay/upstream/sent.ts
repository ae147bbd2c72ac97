// What an upstream sent back, as the phases after the attempt see it. Types only.
import type { ChannelKey } from '../../routing/key-ring.ts';
import type { PricedRoute } from '../plan/candidate-routes.ts';
import type { Translation } from '../translation/translation.ts';

/** An upstream's response, and how it was got. */
export interface Sent {
  upstream: Response;
  /** The upstream refuses the request, whatever its status says: nothing is charged. */
  isRefusal: boolean;
  /** The whole body, where it has been read already. */
  bytes: Uint8Array<ArrayBuffer> | null;
  route: PricedRoute;
  key: ChannelKey;
  abort: AbortController;
  /** How the answer becomes the caller's; null: the upstream speaks the caller's format. */
  translation: Translation | null;
  /** The relay switched usage reporting on; what that adds is to be taken out again. */
  usageSwitchedOn: boolean;
}
