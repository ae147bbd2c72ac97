// The answer of a token-counting endpoint for models whose channels have no such endpoint in the caller's format: the
// relay's own estimate, marked as such in a header. Nothing is sent anywhere and nothing is charged.
import type { Call } from '../call.ts';
import type { Plan } from '../plan/plan.ts';
import { tokensIn } from '../plan/token-estimate.ts';

export function estimatedCount({ endpoint }: Call, { body }: Plan): Response {
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
