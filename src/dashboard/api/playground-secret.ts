// /api/tokens/{id}/playground-secret: a secret of an hour for a page that sends requests with the reader's own token.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { identityOf } from '../../tokens/resolve.ts';
import { mintShortLived, shortLivedLimits } from '../../tokens/short-lived-secret.ts';
import type { ApiEnv } from './authenticate.ts';
import { Problem } from './problem.ts';
import { callFailures, inputFailures, json, missingFailure } from './responses.ts';
import { findVisibleToken } from './roles.ts';
import type { ManagementServices } from './services.ts';
import { isoOf, isoTime } from './values.ts';

const route = createRoute({
  method: 'post',
  path: '/tokens/{id}/playground-secret',
  summary: 'Make a secret that works for an hour in place of one of your own tokens.',
  description: 'It is charged to the token, bound by its limits, and ends with it. Nothing is stored.',
  tags: ['tokens'],
  security: [{ adminKey: [] }],
  request: { params: z.object({ id: z.string() }) },
  responses: {
    200: json(z.object({ secret: z.string(), expires_at: isoTime }), 'The secret.'),
    ...inputFailures,
    ...missingFailure,
    ...callFailures,
  },
});

/** Adds the route of short-lived secrets. */
export function addPlaygroundSecretRoute(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  const { encryptionKey, now } = services;
  api.openapi(route, async (context) => {
    const { principal } = context.var;
    const { policy } = await findVisibleToken(principal, context.req.valid('param').id, services);
    if (policy.accountId !== principal.accountId)
      throw new Problem(403, 'You can make a secret only for your own tokens.');
    if (encryptionKey === null)
      throw new Problem(503, 'ENCRYPTION_KEY is not set. Paste the value of a token instead.');
    // A rotated token has older values, too, which end sooner.
    const hash = policy.hashes.find(({ validUntilMs }) => validUntilMs === null)?.hash;
    if (hash === undefined) throw new Problem(409, 'This token has no valid value. Rotate it.');
    const expiresAtMs = now() + shortLivedLimits.seconds * 1_000;
    const secret = await mintShortLived({ identity: identityOf(policy, hash), expiresAtMs }, encryptionKey);
    return context.json({ secret, expires_at: isoOf(expiresAtMs) }, 200);
  });
}
