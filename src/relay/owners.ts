// Whose the things are that a request names at the upstream: they work only for the account that made them; for
// any other they are not there (SPEC section 4).
import { referencedIds } from '../formats/references.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { UpstreamIdOwner, UpstreamIdStore } from '../routing/upstream-id-store.ts';
import type { Call } from './call.ts';
import { bodyValue, type CallerBody } from './read-body.ts';

/** Who made what a request names. */
export interface NamedThings {
  /** The owner of the id that comes first, the path's before the body's. */
  first: UpstreamIdOwner | null;
  /** Recorded tokens of `previous_response_id`; null: not named, or not recorded. */
  historyTokens: number | null;
}

/** Null when the request names nothing. Throws RelayError `resource_not_found`, or `service_unavailable`. */
export async function ownersOf(
  call: Call,
  body: CallerBody,
  upstreamIds: UpstreamIdStore,
): Promise<NamedThings | null> {
  const pathId = call.suffix.split('/')[1];
  const named = body.type === 'json' ? referencedIds(call.endpoint.kind, body.value) : [];
  const ids = pathId === undefined ? named : [pathId, ...named];
  if (ids.length === 0) return null;
  const owners = await upstreamIds.owners(ids).catch((cause) => {
    const message = 'It cannot be looked up at the moment whose ids this request names. Try again shortly.';
    throw new RelayError('service_unavailable', message, { retryAfterMs: 2_000, cause });
  });
  const strange = ids.find((id) => owners.get(id)?.accountId !== call.identity.accountId);
  if (strange !== undefined) {
    throw new RelayError(
      'resource_not_found',
      `\`${strange}\` was not found. It may belong to another account.`,
    );
  }
  const previous = (bodyValue(body) as { previous_response_id?: unknown }).previous_response_id;
  const history = typeof previous === 'string' ? owners.get(previous)?.contextTokens : null;
  return { first: owners.get(ids[0] ?? '') ?? null, historyTokens: history ?? null };
}
