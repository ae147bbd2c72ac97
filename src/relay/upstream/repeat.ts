// Which requests may be sent twice: to another place after a failure, or once more to the same after a closed connection.

import type { Task } from '../../formats/wire-format.ts';
import type { Admitted } from '../admitted.ts';
import type { AttemptFailure } from './classify-failure.ts';

/** Tasks that cost again when they are done again. */
const costlyTasks: ReadonlySet<Task> = new Set<Task>(['speech', 'transcription', 'images']);

/** Whether another place may be tried. A caller says with `x-relay-repeat: 1` that twice is better than not at all. */
export function mayBeRepeated(request: Admitted, { mayBeDone }: AttemptFailure): boolean {
  if (request.plan.body.type === 'form') return false;
  return !mayBeDone || mayRunTwice(request);
}

/** Whether it may be sent once more where a connection closed before it was answered. Asking for a stored response makes nothing. */
export function mayBeResent(request: Admitted): boolean {
  if (request.plan.body.type === 'form') return false;
  return mayRunTwice(request) || request.call.endpoint.operation === 'stored-response';
}

/** An upload is gone when it was sent. */
function mayRunTwice({ call, plan }: Admitted): boolean {
  const { format, purpose } = call.endpoint;
  const isLasting = costlyTasks.has(format.task) || purpose === 'stored' || plan.facts.background;
  return !isLasting || call.request.headers.get('x-relay-repeat') === '1';
}
