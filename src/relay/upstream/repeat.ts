// Decides which requests may be sent twice: to another target after a failure, or again to the same one after a closed connection.
import type { OperationId } from '../../formats/format-id.ts';
import type { UpstreamFailure } from '../../routing/upstream-failure.ts';
import type { AdmittedRequest } from '../admitted-request.ts';

/** Operations that cost again when they are repeated: pictures, sound, and responses in the background. */
const lasting: ReadonlySet<OperationId> = new Set<OperationId>([
  'speech',
  'transcriptions',
  'translations',
  'image-generations',
  'image-edits',
  'image-variations',
  'stored-response',
]);

/** Whether another target may be tried. A caller says with `x-relay-repeat: 1` that twice is better than not at all. */
export function mayBeRepeated(request: AdmittedRequest, { mayBeDone }: UpstreamFailure): boolean {
  // An upload cannot be read again.
  if (request.plan.body.type === 'form') return false;
  return !mayBeDone || mayRunTwice(request);
}

/** Whether it may be sent again when a connection closed before it was answered. Asking for a stored response makes nothing. */
export function mayBeResent(request: AdmittedRequest): boolean {
  if (request.plan.body.type === 'form') return false;
  return mayRunTwice(request) || request.call.endpoint.operation === 'stored-response';
}

function mayRunTwice({ call, plan }: AdmittedRequest): boolean {
  const isLasting = lasting.has(call.endpoint.operation) || plan.facts.background;
  return !isLasting || call.request.headers.get('x-relay-repeat') === '1';
}
