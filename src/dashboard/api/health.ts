// /api/health: is it there, and which version. The one call besides the API's own description that needs no key.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ApiEnv } from './authenticate.ts';
import { json } from './responses.ts';

const healthRoute = createRoute({
  method: 'get',
  path: '/health',
  summary: 'Whether the relay answers, and its version. Needs no key.',
  tags: ['relay'],
  security: [],
  responses: {
    200: json(z.object({ ok: z.literal(true), version: z.string() }).openapi('Health'), 'It answers.'),
  },
});

/** Adds the route of health. */
export function addHealthRoute(api: OpenAPIHono<ApiEnv>, version: string): void {
  api.openapi(healthRoute, (context) => context.json({ ok: true as const, version }, 200));
}
