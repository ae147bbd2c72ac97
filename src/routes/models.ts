// The lists of models in three shapes, each paged as its format does (SPEC section 4).
import { Hono } from 'hono';
import type { ApiFormat } from '../formats/format-id.ts';
import {
  anthropicModel,
  anthropicPage,
  geminiModel,
  geminiPage,
  openaiList,
  openaiModel,
} from '../formats/model-lists.ts';
import { RelayError } from '../lib/relay-error.ts';
import { allowsModel, modelsNamed } from '../quota/policy.ts';
import { errorOf } from '../relay/admission-request.ts';
import type { RelayServices } from '../relay/call.ts';
import type { TokenPolicy } from '../tokens/token.ts';
import { decoded } from './gemini.ts';
import { namesModel } from './known-paths.ts';
import { canonicalPath, isGeminiPath } from './paths.ts';
import {
  atDoor,
  authenticate,
  type Caller,
  type DoorContext,
  type DoorEnv,
  type ServicesOf,
} from './relay-route.ts';

/** `GET /v1/models` and `/v1/models/{id}`, whichever SDK asks. */
export function modelsDoor(servicesOf: ServicesOf): Hono<DoorEnv> {
  const door = new Hono<DoorEnv>();
  door.get('/v1/models', (context) => {
    const shape = shapeFor(context.req.raw);
    return atDoor(shape, async () => {
      const { models } = await visibleModels(context, servicesOf(context.env), null);
      return Response.json(page(shape, models, new URL(context.req.url).searchParams));
    });
  });
  door.get('/v1/models/:id{.+}', (context) => {
    if (!namesModel(context.req.path)) return context.notFound();
    const shape = shapeFor(context.req.raw);
    const id = decoded(context.req.path.slice('/v1/models/'.length));
    return atDoor(shape, async () => {
      const { models } = await visibleModels(context, servicesOf(context.env), id);
      if (!models.includes(id))
        throw new RelayError('model_not_found', `No channel serves the model \`${id}\`.`);
      return Response.json(single(shape, id));
    });
  });
  return door;
}

/** Whose shape the caller reads: Anthropic's by its version header, Gemini's by its credential, else OpenAI's. */
function shapeFor({ headers, url }: Request): ApiFormat {
  if (headers.has('anthropic-version')) return 'anthropic';
  if (headers.has('x-goog-api-key') || /[?&]key=/.test(url)) return 'gemini';
  return isGeminiPath(new URL(url).pathname) && !headers.has('authorization') ? 'gemini' : 'openai';
}

/** Whose shape a path that is none, or a wrong method, is told in: the API's that the path is of, else as for the lists. */
export function shapeOfPath(request: Request): ApiFormat {
  const { pathname } = new URL(request.url);
  const path = canonicalPath(pathname);
  if (/^\/v1\/messages(\/|$)/.test(path)) return 'anthropic';
  const isGemini = isGeminiPath(pathname) && /^\/(v1(alpha|beta)|v1\/models|ws)(\/|$)/.test(path);
  return isGemini ? 'gemini' : shapeFor(request);
}

async function visibleModels(
  context: DoorContext,
  services: RelayServices,
  model: string | null,
): Promise<{ models: string[] }> {
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
  return { models: [...new Set([...allowed, ...aliases])].sort() };
}

async function newestPolicy(
  { ledgers }: RelayServices,
  { identity, ip }: Caller,
  model: string | null,
  models: readonly string[] | null,
): Promise<TokenPolicy> {
  const question = { hash: identity.hash, ip, model, ...(models !== null && { models }) };
  const answer = await ledgers.inspect(identity.tokenId, question);
  if (answer.outcome === 'refused') throw errorOf(answer);
  return answer.policy;
}

function page(shape: ApiFormat, models: string[], query: URLSearchParams): object {
  switch (shape) {
    case 'openai':
      return openaiList(models);
    case 'anthropic':
      return anthropicPage(models, query);
    case 'gemini':
      return geminiPage(models, query);
  }
}

function single(shape: ApiFormat, id: string): object {
  switch (shape) {
    case 'openai':
      return openaiModel(id);
    case 'anthropic':
      return anthropicModel(id);
    case 'gemini':
      return geminiModel(id);
  }
}
