// The management API (SPEC section 8) put together. Loaded on demand: nothing of the relay's own path
// imports this folder.
import { OpenAPIHono } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { putSecurityHeaders } from '../../lib/security-headers.ts';
import type { Principal } from '../accounts/account.ts';
import { addAccountRoutes } from './accounts.ts';
import { addAliasRoutes } from './aliases.ts';
import { addAuditRoute, recordChanges } from './audit.ts';
import { type ApiEnv, requirePrincipal } from './authenticate.ts';
import { addChannelRoutes } from './channels.ts';
import { addDoctorRoute } from './doctor.ts';
import { addEncryptionKeyRoutes } from './encryption-key.ts';
import { addExportRoute } from './export.ts';
import { addGroupRoutes } from './groups.ts';
import { addHealthRoute } from './health.ts';
import { addImportRoute } from './import.ts';
import { addLoginMethodRoutes } from './login-methods.ts';
import { addLogRoutes } from './logs.ts';
import { addMeRoutes } from './me.ts';
import { addOpenApiRoute } from './openapi.ts';
import { addPriceRoutes } from './prices.ts';
import { Problem, problemResponse, refuseInvalid } from './problem.ts';
import { addReconciliationRoutes } from './reconcile.ts';
import { tameBody } from './request-body.ts';
import { requireRole } from './roles.ts';
import type { ManagementServices } from './services.ts';
import { addTokenRoutes } from './tokens.ts';
import { addUsageRoute } from './usage.ts';

/**
 * The app to mount at `/api`: every path in it answers, with a problem where there is nothing else to say.
 * `known`: on whose behalf it is called inside the Worker, by the dashboard's pages.
 */
export function managementApi(services: ManagementServices, known?: Principal): OpenAPIHono<ApiEnv> {
  const api = new OpenAPIHono<ApiEnv>({ defaultHook: refuseInvalid });
  api.onError((error) => problemResponse(error, services.report));
  api.use(neverStored);
  // Before the lock: these two need no key.
  addHealthRoute(api, services);
  addOpenApiRoute(api, services.version);
  api.use(requirePrincipal(services, known));
  api.use(requireRole);
  api.use(tameBody);
  api.use(recordChanges(services));
  addTokenRoutes(api, services);
  addChannelRoutes(api, services);
  addGroupRoutes(api, services);
  addAliasRoutes(api, services);
  addPriceRoutes(api, services);
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
  refuseTheRest(api);
  return api;
}

const neverStored: MiddlewareHandler = async (context, next) => {
  await next();
  context.res.headers.set('cache-control', 'no-store');
  putSecurityHeaders(context.res.headers);
};

/** A known path with another method is a 405 that names its methods; any other path a 404. */
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
