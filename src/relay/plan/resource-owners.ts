// Finds the owners of the upstream resources that a request names. A resource works only for the account that made it; for any other it does
// not exist.
import { referencesIn, resourceNotFound } from '../../formats/references.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { UpstreamIdOwner, UpstreamIdStore } from '../../routing/upstream-id-store.ts';
import type { Call } from '../call.ts';
import { bodyValue, type CallerBody } from '../request/read-body.ts';

/** Who made the resources that a request names. */
interface ReferencedResources {
  /** The owner of the first id; the path's comes before the body's. */
  first: UpstreamIdOwner | null;
  /** Ids without a known owner: a channel must share them. */
  unowned: readonly string[];
  /** Recorded tokens of `previous_response_id`, or null. */
  historyTokens: number | null;
}

/** Returns null when the request names nothing. Throws RelayError `resource_not_found` or `service_unavailable`. */
export async function resourceOwners(
  call: Call,
  body: CallerBody,
  upstreamIds: UpstreamIdStore,
): Promise<ReferencedResources | null> {
  const pathId = call.suffix.split('/')[1];
  const named = referencesIn(bodyValue(body));
  const ids = [...(pathId === undefined ? [] : [pathId]), ...named.map(({ id }) => id)];
  if (ids.length === 0) return null;
  const owners = await upstreamIds.owners(ids).catch((cause) => {
    const message = 'It cannot be looked up at the moment whose ids this request names. Try again shortly.';
    throw new RelayError('service_unavailable', message, { retryAfterMs: 2_000, cause });
  });
  const { accountId } = call.identity;
  const foreign = ids.find((id) => (owners.get(id)?.accountId ?? accountId) !== accountId);
  if (foreign !== undefined) throw resourceNotFound(foreign);
  if (pathId !== undefined && !owners.has(pathId)) throw resourceNotFound(pathId);
  const previous = (bodyValue(body) as { previous_response_id?: unknown }).previous_response_id;
  const history = typeof previous === 'string' ? owners.get(previous)?.contextTokens : null;
  const needed = named.filter(({ isOptional }) => !isOptional).map(({ id }) => id);
  const first = [pathId ?? '', ...needed].find((id) => owners.has(id));
  return {
    first: owners.get(first ?? '') ?? null,
    unowned: needed.filter((id) => !owners.has(id)),
    historyTokens: history ?? null,
  };
}
