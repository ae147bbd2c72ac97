// The management API as one app. Loaded on demand: nothing on a model request's path imports this folder.
import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { putSecurityHeaders } from '../../lib/security-headers.ts';
import { schemaReadiness } from '../../schema/readiness.ts';
import type { Principal } from '../accounts/account.ts';
import { addAccountRoutes } from './accounts.ts';
import { addAliasRoutes } from './aliases.ts';
import { addAuditRoute, recordChanges } from './audit.ts';
import type { ApiEnv } from './authenticate.ts';
import { requirePrincipal } from './authenticate.ts';
import { addChannelRoutes } from './channels.ts';
import { addDoctorRoute } from './doctor.ts';
import { addEncryptionKeyRoutes } from './encryption-key.ts';
import { addExportRoute } from './export.ts';
import { addGroupRoutes } from './groups.ts';
import { addImportRoute } from './import.ts';
import { managementLimits } from './limits.ts';
import { addLoginMethodRoutes } from './login-methods.ts';
import { addLogRoutes } from './logs.ts';
import { addMeRoutes } from './me.ts';
import { addModelRoutes } from './models.ts';
import { addPlaygroundSecretRoute } from './playground-secret.ts';
import { addPriceRoutes } from './prices.ts';
import { Problem, problemResponse, refuseInvalid, unavailable } from './problem.ts';
import { addReconciliationRoutes } from './reconcile.ts';
import { callFailures, json } from './responses.ts';
import { requireRole } from './roles.ts';
import { addServedModelRoute } from './served-models.ts';
import type { ManagementServices } from './services.ts';
import { addTokenLookupRoute } from './token-lookup.ts';
import { addTokenRoutes } from './tokens.ts';
import { addUsageRoute } from './usage.ts';
import { addWebhookRoutes } from './webhook-endpoints.ts';

/**
 * Returns the app to mount at `/api`. Every path in it answers, with a problem if nothing else applies. `known`:
 * the account that the dashboard's pages call it for, inside the Worker.
 */
export function managementApi(services: ManagementServices, known?: Principal): OpenAPIHono<ApiEnv> {
  const api = new OpenAPIHono<ApiEnv>({ defaultHook: refuseInvalid });
  api.onError((error) => problemResponse(error, services.report));
  api.use(neverStored);
  // Before authentication: these two need no key.
  addHealthRoute(api, services);
  addOpenApiRoute(api, services.version);
  api.use(requirePrincipal(services, known));
  api.use(requireRole);
  api.use(tameBody);
  api.use(recordChanges(services));
  addTokenLookupRoute(api, services);
  addTokenRoutes(api, services);
  addPlaygroundSecretRoute(api, services);
  addChannelRoutes(api, services);
  addGroupRoutes(api, services);
  addAliasRoutes(api, services);
  addPriceRoutes(api, services);
  addModelRoutes(api, services);
  addServedModelRoute(api, services);
  addLogRoutes(api, services);
  addUsageRoute(api, services);
  addReconciliationRoutes(api, services);
  addEncryptionKeyRoutes(api, services);
  addDoctorRoute(api, services);
  addAccountRoutes(api, services);
  addMeRoutes(api, services);
  addLoginMethodRoutes(api, services);
  addAuditRoute(api, services);
  addExportRoute(api, services);
  addImportRoute(api, services);
  addWebhookRoutes(api, services);
  refuseTheRest(api);
  return api;
}

const neverStored: MiddlewareHandler = async (context, next) => {
  await next();
  context.res.headers.set('cache-control', 'no-store');
  putSecurityHeaders(context.res.headers);
};

/** A known path with another method is a 405 that names its methods; any other path is a 404. */
function refuseTheRest(api: OpenAPIHono<ApiEnv>): void {
  const methods = new Map<string, Set<string>>();
  for (const { path, method } of api.routes) {
    if (method !== 'ALL') methods.set(path, (methods.get(path) ?? new Set()).add(method));
  }
  for (const [path, known] of methods) {
    const allow = [...known].flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
    api.all(path, () => {
      throw new Problem(405, `This path takes ${allow}.`, { headers: { allow } });
    });
  }
  api.all('*', () => {
    throw new Problem(404, 'There is nothing at this path. `/api/openapi.json` lists what there is.');
  });
}

/** Refuses bodies over the limit (413). Gives routes `{}` where a client sends nothing. */
const tameBody: MiddlewareHandler = async (context, next) => {
  if (['GET', 'HEAD', 'DELETE', 'OPTIONS'].includes(context.req.method)) return next();
  const bound = context.req.path.endsWith('/import')
    ? managementLimits.importBodyBytes
    : managementLimits.bodyBytes;
  const bounded = bodyLimit({
    maxSize: bound,
    onError: () => {
      throw new Problem(413, `The body may have ${bound} bytes at most. Send it in parts.`);
    },
  });
  return bounded(context, async () => {
    if ((await context.req.arrayBuffer()).byteLength === 0) {
      const { url, method } = context.req.raw;
      const headers = { 'content-type': 'application/json' };
      context.req.raw = new Request(url, { method, headers, body: '{}' });
      context.req.bodyCache = {};
    }
    await next();
  });
};

/** Adds the route of the OpenAPI document, which describes all routes that exist when it is called. */
function addOpenApiRoute(api: OpenAPIHono<ApiEnv>, version: string): void {
  api.openAPIRegistry.registerComponent('securitySchemes', 'adminKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'ADMIN_KEY.',
  });
  api.openAPIRegistry.registerPath({
    method: 'get',
    path: '/openapi.json',
    summary: 'This document. Needs no key.',
    tags: ['relay'],
    security: [],
    responses: {
      200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } },
    },
  });
  api.get('/openapi.json', (context) => context.json(api.getOpenAPI31Document(description(version))));
}

function description(version: string) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'OpenOpen8 Relay management API',
      version,
      description:
        'JSON. Money is USD with at most nine decimals, times are ISO 8601 UTC, lists page with `?limit=&cursor=`. Errors are RFC 9457 problem details.',
    },
    servers: [{ url: '/api' }],
  };
}

const healthRoute = createRoute({
  method: 'get',
  path: '/health',
  summary: 'Whether the relay can serve, and its version. Needs no key.',
  tags: ['relay'],
  security: [],
  responses: {
    200: json(z.object({ ok: z.literal(true), version: z.string() }).openapi('Health'), 'It can serve.'),
    503: callFailures[503],
  },
});

/** Adds the health route, which brings the schema up to date. Answers 503 while the database lacks it. */
function addHealthRoute(
  api: OpenAPIHono<ApiEnv>,
  { version, db }: Pick<ManagementServices, 'version' | 'db'>,
): void {
  api.openapi(healthRoute, async (context) => {
    const readiness = await schemaReadiness(db);
    if (readiness.state === 'ready') return context.json({ ok: true as const, version }, 200);
    throw unavailable(readiness.state === 'failed' ? readiness.reason : 'The database does not answer.');
  });
}
