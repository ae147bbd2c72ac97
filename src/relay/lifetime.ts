// What ends a request before its upstream has answered, and what keeps it alive meanwhile.
import { refusalError } from '../admission/refusal-error.ts';
import { shuttingDown } from '../quota/ledger-failure.ts';
import type { AdmittedRequest } from './admitted-request.ts';
import { streamRhythm } from './limits.ts';
import { renewLease } from './settlement/lease.ts';

/**
 * Aborts the upstream at once when a caller leaves before its stream has begun. An unstreamed answer is finished, to learn its usage.
 * Returns how to stop listening.
 */
export function abortWhenCallerLeaves({ call, plan, clock, leave }: AdmittedRequest): () => void {
  const { signal } = call.request;
  const onAbort = () => {
    if (plan.facts.stream) leave.abort();
    else clock.after(streamRhythm.finishMs, () => leave.abort());
  };
  signal.addEventListener('abort', onAbort);
  return () => signal.removeEventListener('abort', onAbort);
}

/** Renews the lease for as long as the clock runs. */
export function keepLease(request: AdmittedRequest): void {
  request.clock.after(streamRhythm.headRenewalMs, () => {
    void renewLease(request);
    keepLease(request);
  });
}

/** Ends a request whose upstream has not answered when the host shuts down. A running answer is ended by its lease. */
export function endWithHost(request: AdmittedRequest): void {
  const { services, clock, leave } = request;
  // At the clock's next tick.
  clock.after(0, () => {
    if (services.ledgers.isEnding) leave.abort(refusalError(shuttingDown));
    else endWithHost(request);
  });
}
