// Anthropic's API, and what Claude Code requests from its base address.
import { Hono } from 'hono';
import type { FormatRegistry } from '../formats/registry.ts';
import {
  type RouteContext,
  type RouteEnv,
  relayRoute,
  type ServicesOf,
  withErrorHandling,
} from './relay-route.ts';

/** Returns the routes of Anthropic's format. */
export function anthropicRoutes(servicesOf: ServicesOf, formats: FormatRegistry): Hono<RouteEnv> {
  const routes = new Hono<RouteEnv>();
  for (const endpoint of formats.fixedEndpoints.filter(({ format }) => format.api === 'anthropic')) {
    routes.post(endpoint.path, (context) => relayRoute(context, servicesOf(context.env), endpoint));
  }
  // Claude Code's health probe and its telemetry: answered, but not logged.
  const silence = (context: RouteContext) =>
    withErrorHandling('anthropic', context.req.raw, async () => new Response(null, { status: 204 }));
  routes.get('/api/hello', silence);
  routes.post('/api/event_logging/batch', silence);
  return routes;
}
