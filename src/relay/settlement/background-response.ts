// A response in the background that its caller fetches: an answer that shows its end settles it, and before it is deleted the ledger fetches
// it once more.
import type { Meter } from '../../formats/meter.ts';
import { logWarning } from '../../lib/log.ts';
import { endingOfMeter } from '../../quota/background-ending.ts';
import type { AdmittedRequest } from '../admitted-request.ts';
import type { Call, RelayServices } from '../call.ts';
import type { Sent } from '../upstream/sent.ts';

/** Returns the id in the path of a stored response, or null for other requests. */
function responseIdOf({ endpoint, suffix }: Call): string | null {
  return endpoint.operation === 'stored-response' ? (suffix.split('/')[1] ?? null) : null;
}

/** Settles the response by the answer to its caller (fetched, canceled, or streamed again), if that shows that it is over. */
export function endBackgroundByAnswer({ call, services }: AdmittedRequest, sent: Sent, meter: Meter): void {
  const responseId = responseIdOf(call);
  const ending = responseId === null ? null : endingOfMeter(meter, sent.route.channel.provider);
  if (responseId === null || ending === null) return;
  const settling = tokenOf(call, services, responseId).then((tokenId) =>
    services.ledgers.endBackground(tokenId, responseId, ending),
  );
  call.background(settling.catch(report));
}

/**
 * Has the ledger fetch a response that is about to be deleted, once. Never rejects: a response that cannot be fetched is
 * charged at its reservation when it is gone.
 */
export async function pollBeforeDelete({ call, services }: AdmittedRequest): Promise<void> {
  const responseId = call.request.method === 'DELETE' ? responseIdOf(call) : null;
  if (responseId === null) return;
  try {
    await services.ledgers.pollBackground(await tokenOf(call, services, responseId), responseId);
  } catch (error) {
    report(error);
  }
}

/** Any token of the account may fetch it; the one that made the response is recorded with it. */
async function tokenOf(call: Call, { upstreamIds }: RelayServices, responseId: string): Promise<string> {
  return (await upstreamIds.waitingToken(responseId)) ?? call.identity.tokenId;
}

function report(error: unknown): void {
  logWarning('background-response-unsettled', { error });
}
