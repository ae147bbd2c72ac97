// Resolves the ids of a Responses request: the turns before it, if the relay stores them, and the stored response that a path names.
import type { JsonObject } from '../../lib/json.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { Catalog } from '../../routing/catalog.ts';
import type { Call, RelayServices } from '../call.ts';
import type { CallerBody } from '../request/read-body.ts';
import { continuedBody, type StoredResponse } from './stored-responses.ts';

/** Returns the response of a `/v1/responses/{id}…` path if the relay stores it, or null if a channel does. */
export async function storedResponseOfPath(
  { suffix, identity }: Call,
  { conversations }: RelayServices,
): Promise<StoredResponse | null> {
  const id = suffix.split('/')[1];
  if (id === undefined || !conversations.isOn) return null;
  return conversations.find(id, identity.accountId, Date.now());
}

/**
 * Returns the body with the turns of a stored `previous_response_id` in it, or unchanged if it names none or a channel's own. Throws RelayError
 * `invalid_request` if no channel can know that id.
 */
export async function withConversationHistory(
  call: Call,
  body: CallerBody,
  { conversations, upstreamIds }: RelayServices,
  catalog: Catalog,
): Promise<CallerBody> {
  if (call.endpoint.operation !== 'responses' || body.type !== 'json') return body;
  const value = body.value as JsonObject;
  const { previous_response_id: id } = value;
  if (typeof id !== 'string') return body;
  const { accountId } = call.identity;
  const stored = await conversations.find(id, accountId, Date.now());
  if (stored !== null) return bodyOf(continuedBody(value, stored));
  if (conversations.isOn || (await upstreamIds.owners([id])).has(id)) return body;
  if (!isOnlyTranslated(catalog, String(value.model), call)) return body;
  const message =
    'This model’s provider keeps no responses, and neither does this relay (its operator can switch that on). Send the whole conversation as `input` instead of `previous_response_id`.';
  throw new RelayError('invalid_request', message, { param: 'previous_response_id' });
}

function isOnlyTranslated(catalog: Catalog, name: string, { endpoint, identity }: Call): boolean {
  const [model = name] = catalog.alias(name) ?? [];
  const serving = catalog.serving(model, endpoint, identity);
  return serving.outcome === 'served' && serving.routes.every(({ target }) => target !== null);
}

function bodyOf(value: JsonObject): CallerBody {
  const text = JSON.stringify(value);
  return { type: 'json', bytes: new TextEncoder().encode(text).buffer as ArrayBuffer, text, value };
}
