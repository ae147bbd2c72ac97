// Requests without a route: the dashboard's files, and errors that list the methods of a path.
import type { Context } from 'hono';
import { RelayError } from './lib/relay-error.ts';
import { withSecurityHeaders } from './lib/security-headers.ts';
import { errorFormatOfPath } from './routes/models.ts';
import { methodsOf } from './routes/paths.ts';
import { type RouteEnv, withErrorHandling } from './routes/relay-route.ts';

/** Returns the dashboard's file if there is one, else an error in the caller's format. */
export async function notFound(context: Context<RouteEnv>): Promise<Response> {
  const { path, method, raw } = context.req;
  const isPage = (method === 'GET' || method === 'HEAD') && !/^\/(v1(beta)?|ws)(\/|$)/.test(path);
  const page = isPage ? await context.env.ASSETS.fetch(raw) : null;
  if (page !== null && page.status !== 404) return withSecurityHeaders(page);
  const refusal = await withErrorHandling(errorFormatOfPath(raw), raw, () =>
    Promise.reject(noSuchRoute(path, method)),
  );
  return isPage ? withSecurityHeaders(refusal) : refusal;
}

function noSuchRoute(path: string, method: string): RelayError {
  const allow = [...methodsOf(path)];
  if (allow.length === 0) return new RelayError('route_not_found', `There is no endpoint ${method} ${path}.`);
  return new RelayError(
    'method_not_allowed',
    `${path} does not take ${method}. It takes ${allow.join(', ')}.`,
    { allow },
  );
}
