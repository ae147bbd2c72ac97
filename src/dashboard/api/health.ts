// /api/health: can it serve, and which version. The one call besides the API's own description that needs no key.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { hasSchema } from '../schema-store.ts';
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

/** Adds the route of health. It throws Problem 503 until the database has the schema that this version needs. */
export function addHealthRoute(
  api: OpenAPIHono<ApiEnv>,
  { version, db }: Pick<ManagementServices, 'version' | 'db'>,
): void {
  api.openapi(healthRoute, async (context) => {
    if (await hasSchema(db)) return context.json({ ok: true as const, version }, 200);
    throw unavailable(
      'The database has no schema of this version yet, or cannot be reached. `npm run deploy` applies it.',
    );
  });
}
