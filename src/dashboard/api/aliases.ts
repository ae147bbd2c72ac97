// /api/aliases: names that stand for models, tried in order. A name may contain slashes, plain or URL-encoded.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { StoredAlias } from '../../routing/alias-store.ts';
import type { ApiEnv } from './authenticate.ts';
import { managementLimits } from './limits.ts';
import { cutPage, nameCursor, pageOf, pageParameters } from './pages.ts';
import { fieldProblem, notFound } from './problem.ts';
import { bodyFailures, callFailures, inputFailures, json, jsonBody, missingFailure } from './responses.ts';
import type { ManagementServices } from './services.ts';
import { isoOf, isoTime } from './values.ts';

const modelName = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(managementLimits.modelCharacters)
  .regex(/^[^*]*$/, 'must be the name of a model, not a wildcard');

const aliasEdit = z
  .strictObject({
    models: z
      .array(modelName)
      .min(1, 'name at least one model')
      .max(managementLimits.modelsOfAlias, `at most ${managementLimits.modelsOfAlias} models`)
      .openapi({ description: 'In the order in which they are tried. A token must be allowed all of them.' }),
  })
  .openapi('AliasEdit');

const alias = z
  .object({ name: z.string(), models: z.array(z.string()), updated_at: isoTime })
  .openapi('Alias');

const params = z.object({ name: modelName });
const security = [{ adminKey: [] }];
const tags = ['aliases'];
/** Matches an alias's name: the rest of the path. */
const restOfPath = '/aliases/:name{.+}';

const listAliasesRoute = createRoute({
  method: 'get',
  path: '/aliases',
  summary: 'Model aliases in the order of their names.',
  tags,
  security,
  request: { query: z.object(pageParameters) },
  responses: { 200: json(pageOf(alias), 'A page.'), ...inputFailures, ...callFailures },
});

const readAliasRoute = createRoute({
  method: 'get',
  path: '/aliases/{name}',
  summary: 'One alias.',
  tags,
  security,
  request: { params },
  responses: { 200: json(alias, 'The alias.'), ...inputFailures, ...missingFailure, ...callFailures },
});

const putAliasRoute = createRoute({
  method: 'put',
  path: '/aliases/{name}',
  summary: 'Let a name stand for models. It wins over a model of the same name.',
  tags,
  security,
  request: { params, body: jsonBody(aliasEdit) },
  responses: { 200: json(alias, 'The alias as it is now.'), ...bodyFailures, ...callFailures },
});

const deleteAliasRoute = createRoute({
  method: 'delete',
  path: '/aliases/{name}',
  summary: 'Delete an alias.',
  tags,
  security,
  request: { params },
  responses: { 204: { description: 'It is gone.' }, ...inputFailures, ...missingFailure, ...callFailures },
});

/** Adds the routes of aliases. */
export function addAliasRoutes(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  const { aliases, onChannelsChanged, now } = services;
  api.openapi(listAliasesRoute, async (context) => {
    const { limit, cursor } = context.req.valid('query');
    const rows = await aliases.list(nameCursor(cursor), limit + 1);
    const { page, next_cursor } = cutPage(rows, limit, ({ name }) => name);
    return context.json({ data: page.map(aliasView), next_cursor }, 200);
  });
  api.openAPIRegistry.registerPath(readAliasRoute);
  api.openapi({ ...readAliasRoute, path: restOfPath, hide: true }, async (context) => {
    const found = await aliases.find(context.req.valid('param').name);
    if (found === null) throw notFound('alias');
    return context.json(aliasView(found), 200);
  });
  api.openAPIRegistry.registerPath(putAliasRoute);
  api.openapi({ ...putAliasRoute, path: restOfPath, hide: true }, async (context) => {
    const { name } = context.req.valid('param');
    const { models } = context.req.valid('json');
    await refuseNesting(services, name, models);
    const stored = { name, models, updatedAtMs: now() };
    await aliases.put(stored);
    await onChannelsChanged();
    return context.json(aliasView(stored), 200);
  });
  api.openAPIRegistry.registerPath(deleteAliasRoute);
  api.openapi({ ...deleteAliasRoute, path: restOfPath, hide: true }, async (context) => {
    if (!(await aliases.delete(context.req.valid('param').name))) throw notFound('alias');
    await onChannelsChanged();
    return context.body(null, 204);
  });
}

/** An alias stands for models, never for other aliases, except that it may contain a model of its own name. */
async function refuseNesting({ aliases }: ManagementServices, name: string, models: string[]): Promise<void> {
  const known = new Set((await aliases.load()).map((known) => known.name));
  const nested = models.findIndex((model) => model !== name && known.has(model));
  if (nested >= 0) throw fieldProblem(`models.${nested}`, `\`${models[nested]}\` is an alias itself`);
}

function aliasView({ name, models, updatedAtMs }: StoredAlias) {
  return { name, models: [...models], updated_at: isoOf(updatedAtMs) };
}
