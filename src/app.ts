// The Worker's routes: model endpoints, management API, and dashboard.
import { type Context, Hono, type HonoRequest } from 'hono';
import { crossOrigin } from './cross-origin.ts';
import type { Env } from './env.ts';
import { formats } from './formats/registry.ts';
import { report } from './lib/log.ts';
import { newRequestId } from './metering/request-id.ts';
import { notFound } from './not-found.ts';
import { anthropicRoutes } from './routes/anthropic.ts';
import { geminiRoutes } from './routes/gemini.ts';
import { modelRoutes } from './routes/models.ts';
import { openaiRoutes } from './routes/openai.ts';
import { canonicalPath, pathOf } from './routes/paths.ts';
import { liveRoutes } from './routes/realtime/gemini.ts';
import { realtimeRoutes } from './routes/realtime/openai.ts';
import type { RouteEnv } from './routes/relay-route.ts';
import { tokenInfoRoutes } from './routes/token-info/routes.ts';
import { isSocketRequest, refuseSocket } from './routes/upgrade.ts';
import { unpricedOf } from './routing/route-rates.ts';
import { isSchemaReady } from './schema/readiness.ts';
import { whenSchemaIsReady } from './schema-gate.ts';
import { servicesOf } from './services.ts';

const routes = new Hono<RouteEnv>({ getPath: (request) => canonicalPath(pathOf(request.url)) });
routes.route('/', openaiRoutes(servicesOf, formats));
routes.route('/', anthropicRoutes(servicesOf, formats));
routes.route('/', modelRoutes(servicesOf));
routes.route('/', geminiRoutes(servicesOf, formats));
routes.route('/', realtimeRoutes(servicesOf));
routes.route('/', liveRoutes(servicesOf));
routes.route('/', tokenInfoRoutes(servicesOf));

const routesForPages = new Hono<RouteEnv>({ getPath: (request) => canonicalPath(pathOf(request.url)) });
routesForPages.use('/v1/*', crossOrigin);
routesForPages.use('/api/usage/token', crossOrigin);
routesForPages.all('*', (context) => routes.fetch(context.req.raw, context.env, context.executionCtx));

routes.all('/api/*', async (context) => {
  const [{ managementApi }, { managementServices }] = await Promise.all([
    import('./dashboard/api/management-api.ts'),
    import('./management-services.ts'),
  ]);
  const background = (work: Promise<unknown>) => context.executionCtx.waitUntil(work);
  const api = managementApi(await managementServices(context.env, background));
  const response = await api.fetch(belowPrefix(context.req), context.env, context.executionCtx);
  response.headers.set('x-request-id', newRequestId());
  return response;
});

for (const path of ['/', '/pricing', '/dashboard', '/dashboard/*', '/docs', '/docs/*', '/llms.txt'])
  routes.all(path, showDashboard);

async function showDashboard({ req, env, executionCtx }: Context<RouteEnv>): Promise<Response> {
  const [{ dashboard }, { setupProblemsOf }, { managementServices }] = await Promise.all([
    import('./dashboard/pages/dashboard.tsx'),
    import('./dashboard/pages/setup-checks.ts'),
    import('./management-services.ts'),
  ]);
  const services = servicesOf(env);
  const pages = dashboard({
    ...(await managementServices(env, (work) => executionCtx.waitUntil(work))),
    liveChannels: async () => (await services.catalog.current(Date.now(), () => undefined)).enabled,
    unpricedModels: async (models) => {
      const now = Date.now();
      return unpricedOf(models, await services.catalog.current(now, () => undefined), now);
    },
    callModel: async (request) => routes.fetch(request, env, executionCtx),
    setupProblems: () => setupProblemsOf(services.config, env.DB),
    hasPublicPricing: services.config.hasPublicPricing,
    signIn: services.config.signIn,
  });
  return pages.fetch(req.raw, env, executionCtx);
}

routes.notFound(notFound);

/**
 * The Worker's fetch handler. Middleware costs time for every request that passes it, so only pages' requests
 * do. CORS does not apply to sockets.
 */
export const app = {
  fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response> {
    const isSocket = isSocketRequest(request);
    const refusal = isSocket ? refuseSocket(request) : null;
    if (refusal !== null) return refusal;
    if (isSchemaReady(env.DB)) return serve(request, env, context, isSocket);
    return whenSchemaIsReady(request, env.DB, report, () => serve(request, env, context, isSocket));
  },
};

function serve(
  request: Request,
  env: Env,
  context: ExecutionContext,
  isSocket: boolean,
): Response | Promise<Response> {
  const fromPage = (request.headers.has('origin') && !isSocket) || request.method === 'OPTIONS';
  return (fromPage ? routesForPages : routes).fetch(request, env, context);
}

/** The management API's own paths begin after `/api`. Extra slashes in its base address are ignored. */
function belowPrefix({ raw, path }: HonoRequest): Request {
  const url = new URL(raw.url);
  url.pathname = path.slice('/api'.length);
  return new Request(url, raw);
}
