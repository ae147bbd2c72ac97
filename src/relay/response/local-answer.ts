// Answers that the relay gives without an upstream: a response that it stores, and tokens that no channel can count.
import type { JsonObject } from '../../lib/json.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { AdmittedRequest } from '../admitted-request.ts';
import type { Call } from '../call.ts';
import type { Plan } from '../plan/plan.ts';
import type { Conversations, StoredResponse } from '../plan/stored-responses.ts';
import { tokensIn } from '../plan/token-estimate.ts';
import type { CallerAnswer } from './caller-answer.ts';

/** Returns the answer, or null if an upstream gives it. Rejects with RelayError `invalid_request` for what a stored response cannot do. */
export function respondLocally({ call, plan, services }: AdmittedRequest): Promise<CallerAnswer> | null {
  if (plan.isUncounted) return answerWith(estimatedCount(call, plan));
  return plan.stored && answerWith(storedResponse(call, plan.stored, services.conversations));
}

async function answerWith(answer: Response | Promise<Response>): Promise<CallerAnswer> {
  const response = await answer;
  return { response, outcome: { status: response.status, errorCode: null, meter: null } };
}

/** Answers a token-counting endpoint with the relay's own estimate, marked in a header. Nothing is charged. */
function estimatedCount({ endpoint }: Call, { body }: Plan): Response {
  const tokens = body.type === 'json' ? tokensIn(body.value) : 0;
  const headers = { 'x-relay-estimated': 'input_tokens' };
  switch (endpoint.operation) {
    case 'count-tokens':
      return Response.json({ totalTokens: tokens }, { headers });
    case 'responses-input-tokens':
      return Response.json({ object: 'response.input_tokens', input_tokens: tokens }, { headers });
    default:
      return Response.json({ input_tokens: tokens }, { headers });
  }
}

/** Answers `/v1/responses/{id}…` for a response that the relay stores, as OpenAI does. */
async function storedResponse(
  { request, suffix, identity }: Call,
  { response, input }: StoredResponse,
  conversations: Conversations,
): Promise<Response> {
  if (suffix.endsWith('/input_items')) return Response.json(listOf(input));
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

/** Newest first, as OpenAI lists them by default; items that came without an id are numbered. */
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
