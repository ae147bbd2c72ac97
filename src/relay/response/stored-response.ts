// `/v1/responses/{id}…` of a response that the relay keeps itself: the same answers that OpenAI gives.
import type { JsonObject } from '../../lib/json.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { Call } from '../call.ts';
import type { Conversations, KeptResponse } from '../plan/stored-responses.ts';

/** Throws RelayError `invalid_request` for what such a response cannot do. */
export async function answerKept(
  { request, suffix, identity }: Call,
  kept: KeptResponse,
  conversations: Conversations,
): Promise<Response> {
  const { response } = kept;
  if (suffix.endsWith('/input_items')) return Response.json(listOf(kept.input));
  if (suffix.endsWith('/cancel')) {
    throw new RelayError(
      'invalid_request',
      'Only a response that was made with `background: true` can be cancelled.',
    );
  }
  if (request.method !== 'DELETE') return Response.json(response);
  await conversations.forget(String(response.id), identity.accountId);
  return Response.json({ id: response.id, object: 'response', deleted: true });
}

/** Newest first, as OpenAI lists them by default; items that came without an id get one by their place. */
function listOf(input: readonly JsonObject[]): JsonObject {
  const data = input.map((item, index) => ({ id: `item_${index}`, ...item })).toReversed();
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: false,
  };
}
