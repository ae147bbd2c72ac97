// The endpoints for a token's holder: what is left, what was spent, what a request cost. Free, and never logged.
import { Hono } from 'hono';
import { AccountLedgerClient } from '../../quota/account-client.ts';
import { limitsInForce, namesAllowed } from '../../quota/policy.ts';
import { TokenStore } from '../../tokens/store.ts';
import { errorFormatOfPath, newestPolicy } from '../models.ts';
import { type TokenInfoPath, tokenInfoPaths } from '../paths.ts';
import {
  authenticate,
  type RouteContext,
  type RouteEnv,
  type ServicesOf,
  withErrorHandling,
} from '../relay-route.ts';

/** `GET /v1/key` and the others, with a token in any format's header. */
export function tokenInfoRoutes(servicesOf: ServicesOf): Hono<RouteEnv> {
  const routes = new Hono<RouteEnv>();
  for (const path of tokenInfoPaths) {
    routes.get(path, (context) => answer(context, path, servicesOf));
    // Before the management API, which has all other paths below /api.
    routes.all(path, (context) => context.notFound());
  }
  return routes;
}

function answer(context: RouteContext, path: TokenInfoPath, servicesOf: ServicesOf): Promise<Response> {
  const request = context.req.raw;
  return withErrorHandling(errorFormatOfPath(request), request, async () => {
    const services = servicesOf(context.env);
    const caller = await authenticate(request, 'any', services);
    const policy = await newestPolicy(services, caller, null, null);
    // Loaded with the first question: requests for answers need none of it.
    const { answerTo } = await import('./answers.ts');
    const body = await answerTo(path, {
      policy,
      models: namesAllowed(policy),
      limits: limitsInForce(policy),
      query: new URL(request.url).searchParams,
      db: context.env.DB,
      tokens: new TokenStore(context.env.DB),
      accounts: new AccountLedgerClient(context.env.ACCOUNTS),
      services,
      background: (work) => context.executionCtx.waitUntil(work),
      nowMs: Date.now(),
    });
    return Response.json(body, { headers: { 'cache-control': 'no-store' } });
  });
}
