// /api/health: can it serve, and which version. The one call besides the API's own description that needs no key.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { schemaReadiness } from '../../schema/readiness.ts';
import type { ApiEnv } from './authenticate.ts';
import { unavailable } from './problem.ts';
import { callFailures, json } from './responses.ts';
import type { ManagementServices } from './services.ts';

const healthRoute = createRoute({
  method: 'get',
  path: '/health',
  summary: 'Whether the relay can serve, and its version. Needs no key.',
  tags: ['relay'],
  security: [],
  responses: {
    200: json(z.object({ ok: z.literal(true), version: z.string() }).openapi('Health'), 'It can serve.'),
    503: callFailures[503],
  },
});

/** Adds the route of health, which brings the schema up to date. It throws Problem 503 while the database does not have it. */
export function addHealthRoute(
  api: OpenAPIHono<ApiEnv>,
  { version, db }: Pick<ManagementServices, 'version' | 'db'>,
): void {
  api.openapi(healthRoute, async (context) => {
    const readiness = await schemaReadiness(db);
    if (readiness.state === 'ready') return context.json({ ok: true as const, version }, 200);
    throw unavailable(readiness.state === 'failed' ? readiness.reason : 'The database does not answer.');
  });
}
