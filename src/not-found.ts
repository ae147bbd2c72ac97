// What has no route: the dashboard's files, and errors that say which methods a path takes.
import type { Context } from 'hono';
import { asNoPage } from './lib/no-page.ts';
import { RelayError } from './lib/relay-error.ts';
import { methodsOf } from './routes/known-paths.ts';
import { errorFormatOfPath } from './routes/models.ts';
import { type RouteEnv, withErrorHandling } from './routes/relay-route.ts';

/** A page's file where there is one, else an error in the caller's format. */
export async function notFound(context: Context<RouteEnv>): Promise<Response> {
  const { path, method, raw } = context.req;
  const isPage = (method === 'GET' || method === 'HEAD') && !/^\/(v1(beta)?|ws)(\/|$)/.test(path);
  const page = isPage ? await context.env.ASSETS.fetch(raw) : null;
  if (page !== null && page.status !== 404) return asNoPage(page);
  const refusal = await withErrorHandling(errorFormatOfPath(raw), () =>
    Promise.reject(noSuchRoute(path, method)),
  );
  return isPage ? asNoPage(refusal) : refusal;
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
