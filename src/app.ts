// The Worker's routes: the model endpoints, the management API and the dashboard.
import { type Context, Hono, type HonoRequest } from 'hono';
import { crossOrigin } from './cross-origin.ts';
import type { Env } from './env.ts';
import { anthropicDoor } from './http/anthropic.ts';
import { type DoorEnv, newRequestId } from './http/door.ts';
import { geminiDoor } from './http/gemini.ts';
import { geminiLiveDoor } from './http/gemini-live.ts';
import { modelsDoor } from './http/models.ts';
import { openaiDoor } from './http/openai.ts';
import { canonicalPath, pathOf } from './http/paths.ts';
import { realtimeDoor } from './http/realtime.ts';
import { asksForSocket, refuseSocket } from './http/upgrade.ts';
import { report } from './lib/log.ts';
import { managementServices } from './management-services.ts';
import { notFound } from './not-found.ts';
import { unpricedOf } from './routing/route-rates.ts';
import { isSchemaReady } from './schema/readiness.ts';
import { whenSchemaIsReady } from './schema-gate.ts';
import { servicesOf } from './services.ts';

const doors = new Hono<DoorEnv>({ getPath: (request) => canonicalPath(pathOf(request.url)) });
doors.route('/', openaiDoor(servicesOf));
doors.route('/', anthropicDoor(servicesOf));
doors.route('/', modelsDoor(servicesOf));
doors.route('/', geminiDoor(servicesOf));
doors.route('/', realtimeDoor(servicesOf));
doors.route('/', geminiLiveDoor(servicesOf));

const doorsForPages = new Hono<DoorEnv>({ getPath: (request) => canonicalPath(pathOf(request.url)) });
doorsForPages.use('/v1/*', crossOrigin);
doorsForPages.all('*', (context) => doors.fetch(context.req.raw, context.env, context.executionCtx));

doors.all('/api/*', async (context) => {
  const { managementApi } = await import('./dashboard/api/management-api.ts');
  const api = managementApi(await managementServices(context.env));
  const response = await api.fetch(belowPrefix(context.req), context.env, context.executionCtx);
  response.headers.set('x-request-id', newRequestId());
  return response;
});

for (const path of ['/', '/dashboard', '/dashboard/*']) doors.all(path, showDashboard);

async function showDashboard({ req, env, executionCtx }: Context<DoorEnv>): Promise<Response> {
  const [{ dashboard }, { setupProblemsOf }] = await Promise.all([
    import('./dashboard/pages/dashboard.tsx'),
    import('./dashboard/pages/setup-checks.ts'),
  ]);
  const services = servicesOf(env);
  const pages = dashboard({
    ...(await managementServices(env)),
    liveChannels: async () => (await services.catalog.current(Date.now(), () => undefined)).enabled,
    unpricedModels: async (models) => {
      const now = Date.now();
      return unpricedOf(models, await services.catalog.current(now, () => undefined), now);
    },
    callModel: async (request) => doors.fetch(request, env, executionCtx),
    setupProblems: () => setupProblemsOf(services.config, env.DB),
    signIn: services.config.signIn,
  });
  return pages.fetch(req.raw, env, executionCtx);
}

doors.notFound(notFound);

/** The Worker's fetch handler. Middleware costs every request that passes it: only pages' requests do. Sockets know no CORS. */
export const app = {
  fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response> {
    const isSocket = asksForSocket(request);
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
  return (fromPage ? doorsForPages : doors).fetch(request, env, context);
}

/** The management API's own paths begin after `/api`; its base address is forgiven its slashes too. */
function belowPrefix({ raw, path }: HonoRequest): Request {
  const url = new URL(raw.url);
  url.pathname = path.slice('/api'.length);
  return new Request(url, raw);
}
