// OpenAI's API: every endpoint of its style, and the stored responses.
import { Hono } from 'hono';
import type { FormatRegistry } from '../formats/registry.ts';
import { type RouteContext, type RouteEnv, relayRoute, type ServicesOf } from './relay-route.ts';

/** Returns the routes of OpenAI's format. */
export function openaiRoutes(servicesOf: ServicesOf, formats: FormatRegistry): Hono<RouteEnv> {
  const routes = new Hono<RouteEnv>();
  for (const endpoint of formats.fixedEndpoints.filter(({ format }) => format.api === 'openai')) {
    routes.post(endpoint.path, (context) => relayRoute(context, servicesOf(context.env), endpoint));
  }
  const stored = (context: RouteContext) =>
    relayRoute(context, servicesOf(context.env), formats.endpoint('stored-response'), {
      suffix: context.req.path.slice('/v1/responses'.length),
    });
  routes.get('/v1/responses/:id', stored);
  routes.delete('/v1/responses/:id', stored);
  routes.post('/v1/responses/:id/cancel', stored);
  routes.get('/v1/responses/:id/input_items', stored);
  return routes;
}
