// Brings the schema up to date before an isolate's first requests are served.
import { RelayError } from './lib/relay-error.ts';
import { errorFormatOfPath } from './routes/models.ts';
import { canonicalPath, pathOf } from './routes/paths.ts';
import { withErrorHandling } from './routes/relay-route.ts';
import { schemaReadiness } from './schema/readiness.ts';

/** Paths that report a missing schema themselves: pages, /api/health, and /api/doctor. */
const saysSo = /^\/($|dashboard(\/|$)|api\/(health|doctor)$)/;

/**
 * Serves the request when the schema is ready. Also serves it while the database does not answer: cached tokens
 * work. Returns a 503 in the caller's format when this Worker cannot work with the database.
 */
export async function whenSchemaIsReady(
  request: Request,
  db: D1Database,
  report: (event: string, error: unknown) => void,
  serve: () => Response | Promise<Response>,
): Promise<Response> {
  const readiness = await schemaReadiness(db);
  const path = canonicalPath(pathOf(request.url));
  if (readiness.state !== 'failed' || saysSo.test(path)) return serve();
  const refusal = new RelayError('service_unavailable', readiness.reason, { retryAfterMs: 2_000 });
  if (!path.startsWith('/api/'))
    return withErrorHandling(errorFormatOfPath(request), request, () => Promise.reject(refusal));
  const { problemResponse } = await import('./dashboard/api/problem.ts');
  return problemResponse(refusal, report);
}
