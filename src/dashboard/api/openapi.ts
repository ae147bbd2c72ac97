// /api/openapi.json: the API's description, made from the very schemas that it checks requests by.
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { ApiEnv } from './authenticate.ts';

/** Adds the route of the description: of whatever routes there are when it is asked for. */
export function addOpenApiRoute(api: OpenAPIHono<ApiEnv>, version: string): void {
  api.openAPIRegistry.registerComponent('securitySchemes', 'adminKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'ADMIN_KEY.',
  });
  api.openAPIRegistry.registerPath({
    method: 'get',
    path: '/openapi.json',
    summary: 'This document. Needs no key.',
    tags: ['relay'],
    security: [],
    responses: {
      200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
    },
  });
  api.get('/openapi.json', (context) => context.json(api.getOpenAPI31Document(description(version))));
}

function description(version: string) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'OpenOpen8 Relay management API',
      version,
      description:
        'JSON. Money is USD with at most nine decimals, times are ISO 8601 UTC, lists page with `?limit=&cursor=`. Errors are RFC 9457 problem details.',
    },
    servers: [{ url: '/api' }],
  };
}
