// /api/models: what an administrator says about models, which wins over the bundle's table in lists of models. A
// model's name may contain slashes, plain or URL-encoded.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { StoredModelOverride } from '../../models/model-override.ts';
import type { ApiEnv } from './authenticate.ts';
import { managementLimits } from './limits.ts';
import { cutPage, nameCursor, pageOf, pageParameters } from './pages.ts';
import { notFound } from './problem.ts';
import { bodyFailures, callFailures, inputFailures, json, jsonBody, missingFailure } from './responses.ts';
import type { ManagementServices } from './services.ts';
import { isoOf, isoTime } from './values.ts';

const tokens = z.int().min(1, 'must be at least 1').max(managementLimits.modelTokens);
const words = (most: number) => z.array(z.string().trim().min(1).max(32)).max(most);

const fields = {
  name: z
    .string()
    .trim()
    .min(1)
    .max(managementLimits.nameCharacters)
    .optional()
    .openapi({ description: 'For people.' }),
  context_length: tokens.optional().openapi({ description: 'Tokens of input and output together.' }),
  max_output_tokens: tokens.optional(),
  input_modalities: words(managementLimits.modelWords)
    .optional()
    .openapi({ description: '`text`, `image`, `audio`, …' }),
  reasoning_levels: words(managementLimits.modelWords)
    .optional()
    .openapi({ description: 'From least to most; empty: it does not reason.' }),
  end_date: z.iso.date().nullish().openapi({
    description: 'The last day on which it answers. null: it has none, whatever its provider says.',
  }),
};
const modelOverride = z.strictObject(fields).openapi('ModelOverride');
const model = z.object({ model: z.string(), ...fields, updated_at: isoTime }).openapi('Model');

const params = z.object({
  model: z
    .string()
    .trim()
    .min(1)
    .max(managementLimits.modelCharacters)
    .regex(/^[^*]*$/, 'must be the name of a model, not a wildcard'),
});
const security = [{ adminKey: [] }];
const tags = ['models'];
/** Matches a model's name: the rest of the path. */
const restOfPath = '/models/:model{.+}';

const listModelsRoute = createRoute({
  method: 'get',
  path: '/models',
  summary: 'List your overrides of models’ metadata in the order of names.',
  tags,
  security,
  request: { query: z.object(pageParameters) },
  responses: { 200: json(pageOf(model), 'A page.'), ...inputFailures, ...callFailures },
});

const putModelRoute = createRoute({
  method: 'put',
  path: '/models/{model}',
  summary: 'Override what lists say about a model. Absent members keep the table’s values.',
  tags,
  security,
  request: { params, body: jsonBody(modelOverride) },
  responses: { 200: json(model, 'The override as it is now.'), ...bodyFailures, ...callFailures },
});

const deleteModelRoute = createRoute({
  method: 'delete',
  path: '/models/{model}',
  summary: 'Remove an override: the table’s values apply again.',
  tags,
  security,
  request: { params },
  responses: {
    204: { description: 'Override removed.' },
    ...inputFailures,
    ...missingFailure,
    ...callFailures,
  },
});

/** Adds the routes of models' metadata. */
export function addModelRoutes(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  const { modelOverrides, onChannelsChanged, now } = services;
  api.openapi(listModelsRoute, async (context) => {
    const { limit, cursor } = context.req.valid('query');
    const rows = await modelOverrides.list(nameCursor(cursor), limit + 1);
    const { page, next_cursor } = cutPage(rows, limit, (row) => row.model);
    return context.json({ data: page.map(modelView), next_cursor }, 200);
  });
  api.openAPIRegistry.registerPath(putModelRoute);
  api.openapi({ ...putModelRoute, path: restOfPath, hide: true }, async (context) => {
    const body = context.req.valid('json');
    const stored: StoredModelOverride = {
      model: context.req.valid('param').model,
      fields: {
        name: body.name,
        context: body.context_length,
        output: body.max_output_tokens,
        input: body.input_modalities,
        efforts: body.reasoning_levels,
        endsOn: body.end_date,
      },
      updatedAtMs: now(),
    };
    await modelOverrides.put(stored);
    await onChannelsChanged();
    return context.json(modelView(stored), 200);
  });
  api.openAPIRegistry.registerPath(deleteModelRoute);
  api.openapi({ ...deleteModelRoute, path: restOfPath, hide: true }, async (context) => {
    if (!(await modelOverrides.delete(context.req.valid('param').model)))
      throw notFound('override of a model');
    await onChannelsChanged();
    return context.body(null, 204);
  });
}

function modelView({ model: name, fields: known, updatedAtMs }: StoredModelOverride) {
  return {
    model: name,
    name: known.name,
    context_length: known.context,
    max_output_tokens: known.output,
    input_modalities: known.input && [...known.input],
    reasoning_levels: known.efforts && [...known.efforts],
    end_date: known.endsOn,
    updated_at: isoOf(updatedAtMs),
  };
}
