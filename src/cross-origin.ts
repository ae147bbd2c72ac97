// CORS of the model endpoints.
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { putSecurityHeaders } from './lib/security-headers.ts';
import { newRequestId } from './metering/request-id.ts';
import type { RouteEnv } from './routes/relay-route.ts';
import { servicesOf } from './services.ts';

/** Lets pages of any origin (or those of CORS_ORIGINS) call the model endpoints, without cookies. */
export const crossOrigin: MiddlewareHandler<RouteEnv> = async (context, next) => {
  const { corsOrigins } = servicesOf(context.env).config;
  const policy = cors({
    origin: corsOrigins === null ? '*' : [...corsOrigins],
    allowMethods: ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'],
    exposeHeaders: [...exposedHeaders],
    maxAge: 86_400,
  });
  const preflight = await policy(context, next);
  if (preflight === undefined) putSecurityHeaders(context.res.headers);
  preflight?.headers.set('x-request-id', newRequestId());
  return preflight;
};

/** Headers that SDKs and people read. */
const exposedHeaders: readonly string[] = [
  'x-request-id',
  'request-id',
  'link',
  'retry-after',
  'x-should-retry',
  'x-ratelimit-limit-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-requests',
  'x-ratelimit-reset-tokens',
  'anthropic-ratelimit-requests-limit',
  'anthropic-ratelimit-requests-remaining',
  'anthropic-ratelimit-requests-reset',
  'anthropic-ratelimit-tokens-limit',
  'anthropic-ratelimit-tokens-remaining',
  'anthropic-ratelimit-tokens-reset',
  'x-relay-dropped',
  'x-relay-estimated',
  'x-relay-model',
  'x-relay-model-sunset',
  'x-relay-cost-usd',
  'x-relay-upstream-request-id',
];
