// Estimates how much of a request's input its provider has not cached: what `tpm` counts at admission. The ledger corrects it by the
// upstream's own figure.
import { isObject } from '../../formats/json-reader.ts';
import type { JsonObject } from '../../lib/json.ts';
import { roughTokensIn } from './token-estimate.ts';

/**
 * Tokens of what follows the last turn of the model, of the `typicalTokens` that the whole input probably has: what comes
 * before was the input of an earlier request, and providers keep that (SPEC section 6). Without such a turn, all of it.
 */
export function freshInputTokens(body: unknown, typicalTokens: number): number {
  if (!isObject(body)) return typicalTokens;
  const turns = body.messages ?? body.contents ?? body.input;
  const last = Array.isArray(turns) ? turns.findLastIndex(isOfModel) : -1;
  if (last < 0 && typeof body.previous_response_id !== 'string') return typicalTokens;
  return Math.min(typicalTokens, roughTokensIn(last < 0 ? turns : (turns as unknown[]).slice(last + 1)));
}

/** A message of the model, or an item of the Responses API that it made. */
function isOfModel(turn: unknown): boolean {
  if (!isObject(turn)) return false;
  const { role, type } = turn as JsonObject;
  if (typeof role === 'string') return role === 'assistant' || role === 'model';
  return typeof type === 'string' && /^reasoning$|_call$/.test(type);
}
