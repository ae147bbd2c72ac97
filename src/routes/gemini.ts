// Gemini's API: methods of a model, `POST /v1beta/models/{model}:verb`. Model names may contain slashes.
import { Hono } from 'hono';
import type { FormatRegistry } from '../formats/registry.ts';
import { RelayError } from '../lib/relay-error.ts';
import { type RouteEnv, relayRoute, type ServicesOf, withErrorHandling } from './relay-route.ts';

/** Returns the routes of Gemini's format. */
export function geminiRoutes(servicesOf: ServicesOf, formats: FormatRegistry): Hono<RouteEnv> {
  const routes = new Hono<RouteEnv>();
  routes.post('/v1/models/:rest{.+}', (context) => {
    const { model, verb } = modelAndVerb(context.req.path);
    const endpoint = formats.modelMethods.get(verb);
    return endpoint === undefined
      ? unknownVerb(context.req.raw, verb, formats)
      : relayRoute(context, servicesOf(context.env), endpoint, { pathModel: model });
  });
  return routes;
}

function modelAndVerb(path: string): { model: string; verb: string } {
  const rest = decoded(path.slice('/v1/models/'.length));
  const colon = rest.lastIndexOf(':');
  return colon < 0 ? { model: rest, verb: '' } : { model: rest.slice(0, colon), verb: rest.slice(colon + 1) };
}

/** Decodes a path segment; one with invalid percent-encoding is returned unchanged. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function unknownVerb(request: Request, verb: string, { modelMethods }: FormatRegistry): Promise<Response> {
  const known = [...modelMethods.keys()].join(', ');
  const message =
    verb === ''
      ? `The path names no method. Known methods: ${known}.`
      : `There is no method \`${verb}\`. Known methods: ${known}.`;
  return withErrorHandling('gemini', request, () =>
    Promise.reject(new RelayError('route_not_found', message)),
  );
}
