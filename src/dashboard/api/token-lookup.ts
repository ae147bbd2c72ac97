// /api/tokens/lookup: which token a secret belongs to, for somebody who has found one. The secret is in the body, is
// hashed, and is neither stored nor logged.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { hashSecret, isWellFormedSecret } from '../../tokens/secret.ts';
import type { ApiEnv } from './authenticate.ts';
import { fieldProblem, notFound } from './problem.ts';
import { bodyFailures, callFailures, json, jsonBody, missingFailure } from './responses.ts';
import { findVisibleToken } from './roles.ts';
import type { ManagementServices } from './services.ts';
import { token } from './token-fields.ts';
import { tokenView } from './token-views.ts';

const lookup = z
  .strictObject({ secret: z.string().trim().openapi({ description: 'The whole secret: `sk-oo8-…`.' }) })
  .openapi('TokenLookup');

const lookUpRoute = createRoute({
  method: 'post',
  path: '/tokens/lookup',
  summary: 'Find the token of a secret, such as one that has leaked. Changes nothing.',
  description:
    'Secrets that are still accepted after a rotation are found too. A member finds only own tokens.',
  tags: ['tokens'],
  security: [{ adminKey: [] }],
  request: { body: jsonBody(lookup) },
  responses: { 200: json(token, 'The token.'), ...bodyFailures, ...missingFailure, ...callFailures },
});

/** Adds the route. */
export function addTokenLookupRoute(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  api.openapi(lookUpRoute, async (context) => {
    const { secret } = context.req.valid('json');
    if (!isWellFormedSecret(secret)) throw fieldProblem('secret', 'is not a token of this relay');
    const found = await services.tokens.findByHash(hashSecret(secret));
    if (found === null) throw notFound('token');
    const record = await findVisibleToken(context.var.principal, found.policy.tokenId, services);
    return context.json(tokenView(record), 200);
  });
}
