// /api/prices: an administrator's prices, which win over the table. A model's name may contain slashes and `*`,
// plain or URL-encoded.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { StoredPrice } from '../../metering/price-store.ts';
import type { ApiEnv } from './authenticate.ts';
import { managementLimits } from './limits.ts';
import { cutPage, nameCursor, pageOf, pageParameters } from './pages.ts';
import { priceFields, priceOverride } from './price-fields.ts';
import { notFound } from './problem.ts';
import { bodyFailures, callFailures, inputFailures, json, jsonBody, missingFailure } from './responses.ts';
import type { ManagementServices } from './services.ts';
import { isoOf, isoTime } from './values.ts';

const price = z.object({ model: z.string(), ...priceFields, updated_at: isoTime }).openapi('Price');

const params = z.object({
  model: z
    .string()
    .trim()
    .min(1)
    .max(managementLimits.modelCharacters)
    .openapi({ description: 'Exact name or `*` wildcard; may hold slashes.' }),
});
const security = [{ adminKey: [] }];
const tags = ['prices'];
/** Matches a model's name: the rest of the path. */
const restOfPath = '/prices/:model{.+}';

const listPricesRoute = createRoute({
  method: 'get',
  path: '/prices',
  summary: 'Price overrides in the order of model names.',
  tags,
  security,
  request: { query: z.object(pageParameters) },
  responses: { 200: json(pageOf(price), 'A page.'), ...inputFailures, ...callFailures },
});

const putPriceRoute = createRoute({
  method: 'put',
  path: '/prices/{model}',
  summary: 'Set the price of a model. It holds from the next request on.',
  tags,
  security,
  request: { params, body: jsonBody(priceOverride) },
  responses: { 200: json(price, 'The price as it is now.'), ...bodyFailures, ...callFailures },
});

const deletePriceRoute = createRoute({
  method: 'delete',
  path: '/prices/{model}',
  summary: "Take a price override back: the table's price holds again.",
  tags,
  security,
  request: { params },
  responses: { 204: { description: 'It is gone.' }, ...inputFailures, ...missingFailure, ...callFailures },
});

/** Adds the routes of prices. */
export function addPriceRoutes(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  const { prices, onChannelsChanged, now } = services;
  api.openapi(listPricesRoute, async (context) => {
    const { limit, cursor } = context.req.valid('query');
    const rows = await prices.list(nameCursor(cursor), limit + 1);
    const { page, next_cursor } = cutPage(rows, limit, ({ model }) => model);
    return context.json({ data: page.map(priceView), next_cursor }, 200);
  });
  api.openAPIRegistry.registerPath(putPriceRoute);
  api.openapi({ ...putPriceRoute, path: restOfPath, hide: true }, async (context) => {
    const { model } = context.req.valid('param');
    const stored = { model, price: context.req.valid('json'), updatedAtMs: now() };
    await prices.put(stored);
    await onChannelsChanged();
    return context.json(priceView(stored), 200);
  });
  api.openAPIRegistry.registerPath(deletePriceRoute);
  api.openapi({ ...deletePriceRoute, path: restOfPath, hide: true }, async (context) => {
    if (!(await prices.delete(context.req.valid('param').model))) throw notFound('price override');
    await onChannelsChanged();
    return context.body(null, 204);
  });
}

function priceView({ model, price, updatedAtMs }: StoredPrice) {
  return { model, ...price, updated_at: isoOf(updatedAtMs) };
}
