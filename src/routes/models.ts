// The lists of models in three formats, each with its own paging.
import { Hono } from 'hono';
import { refusalError } from '../admission/refusal-error.ts';
import type { ApiFormat } from '../formats/format-id.ts';
import { RelayError } from '../lib/relay-error.ts';
import { allowsModel, modelsNamed } from '../quota/policy.ts';
import type { RelayServices } from '../relay/call.ts';
import type { TokenPolicy } from '../tokens/token.ts';
import { decoded } from './gemini.ts';
import type { VisibleModels } from './model-views.ts';
import { canonicalPath, isGeminiPath, namesModel } from './paths.ts';
import {
  authenticate,
  type Caller,
  type RouteContext,
  type RouteEnv,
  type ServicesOf,
  withErrorHandling,
} from './relay-route.ts';

/** `GET /v1/models` and `/v1/models/{id}`, whichever SDK asks. */
export function modelRoutes(servicesOf: ServicesOf): Hono<RouteEnv> {
  const routes = new Hono<RouteEnv>();
  routes.get('/v1/models', (context) => {
    const shape = formatFor(context.req.raw);
    return withErrorHandling(shape, context.req.raw, async () => {
      const visible = await visibleModels(context, servicesOf(context.env), null);
      const { listView } = await import('./model-views.ts');
      return Response.json(await listView(shape, visible, new URL(context.req.url).searchParams));
    });
  });
  routes.get('/v1/models/:id{.+}', (context) => {
    if (!namesModel(context.req.path)) return context.notFound();
    const shape = formatFor(context.req.raw);
    const id = decoded(context.req.path.slice('/v1/models/'.length));
    return withErrorHandling(shape, context.req.raw, async () => {
      const visible = await visibleModels(context, servicesOf(context.env), id);
      if (!visible.names.includes(id))
        throw new RelayError('model_not_found', `No channel serves the model \`${id}\`.`);
      const { modelView } = await import('./model-views.ts');
      return Response.json(await modelView(shape, visible));
    });
  });
  return routes;
}

/** Picks the caller's format: Anthropic's by its version header, Gemini's by its credential, else OpenAI's. */
function formatFor({ headers, url }: Request): ApiFormat {
  if (headers.has('anthropic-version')) return 'anthropic';
  if (headers.has('x-goog-api-key') || /[?&]key=/.test(url)) return 'gemini';
  return isGeminiPath(new URL(url).pathname) && !headers.has('authorization') ? 'gemini' : 'openai';
}

/** Picks the error format for unknown paths and wrong methods. */
export function errorFormatOfPath(request: Request): ApiFormat {
  const { pathname } = new URL(request.url);
  const path = canonicalPath(pathname);
  if (/^\/v1\/messages(\/|$)/.test(path)) return 'anthropic';
  const isGemini = isGeminiPath(pathname) && /^\/(v1(alpha|beta)|v1\/models|ws)(\/|$)/.test(path);
  return isGemini ? 'gemini' : formatFor(request);
}

async function visibleModels(
  context: RouteContext,
  services: RelayServices,
  model: string | null,
): Promise<VisibleModels> {
  const caller = await authenticate(context.req.raw, 'any', services);
  const background = (work: Promise<unknown>) => context.executionCtx.waitUntil(work);
  const catalog = await services.catalog.current(Date.now(), background);
  const members = model === null ? null : catalog.alias(model);
  const policy = await newestPolicy(services, caller, model, members);
  const isServed = (name: string) => catalog.serves(name, policy);
  const served = await services.modelLists.namesServed(catalog, policy, Date.now());
  // Names that a token is restricted to are known, also where channels serve them by a wildcard.
  const own = [...modelsNamed(policy), ...(model === null ? [] : [model])].filter(
    (name) => !name.includes('*') && isServed(name),
  );
  const aliases = catalog.aliases
    .filter(({ models }) => models.some(isServed) && models.every((name) => allowsModel(policy, name)))
    .map(({ name }) => name);
  const allowed = [...served, ...own].filter((name) => allowsModel(policy, name));
  const names = [...new Set([...allowed, ...aliases])].sort();
  const listed = model === null ? names : names.filter((name) => name === model);
  return { names: listed, catalog, policy };
}

/** Returns the policy in force of a caller's token. Throws why it may not be used. Asks for no room in its quota. */
export async function newestPolicy(
  { ledgers }: Pick<RelayServices, 'ledgers'>,
  { identity, ip }: Caller,
  model: string | null,
  models: readonly string[] | null,
): Promise<TokenPolicy> {
  const question = { hash: identity.hash, ip, model, ...(models !== null && { models }) };
  const answer = await ledgers.inspect(identity.tokenId, question);
  if (answer.outcome === 'refused') throw refusalError(answer);
  return answer.policy;
}
