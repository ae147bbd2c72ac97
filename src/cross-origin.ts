// CORS of the model endpoints.
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { sayNoPage } from './lib/no-page.ts';
import { exposedHeaders } from './routes/exposed-headers.ts';
import { newRequestId, type RouteEnv } from './routes/relay-route.ts';
import { servicesOf } from './services.ts';

/** The model endpoints may be called by pages of any origin (or those of CORS_ORIGINS), without cookies. */
export const crossOrigin: MiddlewareHandler<RouteEnv> = async (context, next) => {
  const { corsOrigins } = servicesOf(context.env).config;
  const policy = cors({
    origin: corsOrigins === null ? '*' : [...corsOrigins],
    allowMethods: ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'],
    exposeHeaders: [...exposedHeaders],
    maxAge: 86_400,
  });
  const preflight = await policy(context, next);
  if (preflight === undefined) sayNoPage(context.res.headers);
  preflight?.headers.set('x-request-id', newRequestId());
  return preflight;
};
