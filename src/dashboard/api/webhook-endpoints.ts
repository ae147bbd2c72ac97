// /api/webhook-endpoints and /api/incidents: where alerts go, what was sent, and what is wrong at the moment. For admins.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { alertLimits } from '../../alerts/alerts.ts';
import { faultOfAddress } from '../../alerts/webhook-address.ts';
import type { ApiEnv } from './authenticate.ts';
import { cutPage, pageOf, pageParameters, timeCursor } from './pages.ts';
import { fieldProblem, notFound, Problem, unavailable } from './problem.ts';
import {
  bodyFailures,
  callFailures,
  conflictFailure,
  inputFailures,
  json,
  jsonBody,
  missingFailure,
} from './responses.ts';
import type { ManagementServices } from './services.ts';
import {
  delivery,
  deliveryView,
  endpoint,
  endpointEdit,
  endpointView,
  endpointWithSecret,
  incident,
  incidentView,
  newEndpoint,
} from './webhook-fields.ts';

const params = z.object({ id: z.string() });
const security = [{ adminKey: [] }];
const tags = ['alerts'];
const path = '/webhook-endpoints';

const listRoute = createRoute({
  method: 'get',
  path,
  summary: 'Webhook endpoints, newest first.',
  tags,
  security,
  responses: {
    200: json(z.object({ data: z.array(endpoint), next_cursor: z.null() }), 'All of them.'),
    ...callFailures,
  },
});

const createEndpointRoute = createRoute({
  method: 'post',
  path,
  summary: 'Create a webhook endpoint.',
  description: `The secret is shown only here. A deployment has up to ${alertLimits.endpoints} endpoints.`,
  tags,
  security,
  request: { body: jsonBody(newEndpoint) },
  responses: {
    201: json(endpointWithSecret, 'The new endpoint.'),
    ...bodyFailures,
    ...conflictFailure,
    ...callFailures,
  },
});

const readRoute = createRoute({
  method: 'get',
  path: `${path}/{id}`,
  summary: 'One webhook endpoint.',
  tags,
  security,
  request: { params },
  responses: { 200: json(endpoint, 'The endpoint.'), ...missingFailure, ...callFailures },
});

const editRoute = createRoute({
  method: 'patch',
  path: `${path}/{id}`,
  summary: 'Edit a webhook endpoint. Fields that are absent stay as they are.',
  tags,
  security,
  request: { params, body: jsonBody(endpointEdit) },
  responses: {
    200: json(endpoint, 'The endpoint as it is now.'),
    ...bodyFailures,
    ...missingFailure,
    ...callFailures,
  },
});

const deleteRoute = createRoute({
  method: 'delete',
  path: `${path}/{id}`,
  summary: 'Delete a webhook endpoint with its deliveries.',
  tags,
  security,
  request: { params },
  responses: { 204: { description: 'Endpoint deleted.' }, ...missingFailure, ...callFailures },
});

const testRoute = createRoute({
  method: 'post',
  path: `${path}/{id}/test`,
  summary: 'Send a test at once.',
  tags,
  security,
  request: { params },
  responses: { 200: json(delivery, 'How it ended.'), ...missingFailure, ...callFailures },
});

const deliveriesRoute = createRoute({
  method: 'get',
  path: `${path}/deliveries`,
  summary: 'Deliveries of all endpoints, newest first.',
  description: 'They are kept for 30 days, and up to 1,000 of each endpoint.',
  tags,
  security,
  request: {
    query: z.object({
      ...pageParameters,
      endpoint: z.string().optional().openapi({ description: 'Endpoint id.' }),
    }),
  },
  responses: { 200: json(pageOf(delivery), 'A page.'), ...inputFailures, ...callFailures },
});

const resendRoute = createRoute({
  method: 'post',
  path: `${path}/deliveries/{id}/resend`,
  summary: 'Send a delivery again, with the same id.',
  tags,
  security,
  request: { params },
  responses: { 202: json(delivery, 'It is sent within seconds.'), ...missingFailure, ...callFailures },
});

const incidentsRoute = createRoute({
  method: 'get',
  path: '/incidents',
  summary: 'Open incidents, newest first.',
  tags,
  security,
  responses: {
    200: json(z.object({ data: z.array(incident), next_cursor: z.null() }), 'All of them.'),
    ...callFailures,
  },
});

/** Adds the routes of alerts. */
export function addWebhookRoutes(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  addEndpointRoutes(api, services);
  addDeliveryRoutes(api, services);
}

function addEndpointRoutes(
  api: OpenAPIHono<ApiEnv>,
  { alerts, allowPrivateWebhooks, encryptionKey }: ManagementServices,
): void {
  const check = (url: string | undefined) => {
    const fault = url === undefined ? null : faultOfAddress(url, allowPrivateWebhooks);
    if (fault !== null) throw fieldProblem('url', fault);
  };
  api.openapi(listRoute, async (context) => {
    return context.json({ data: (await alerts.endpoints()).map(endpointView), next_cursor: null }, 200);
  });
  api.openapi(createEndpointRoute, async (context) => {
    const fields = context.req.valid('json');
    check(fields.url);
    if (encryptionKey === null)
      throw unavailable('ENCRYPTION_KEY is not set; without it no secret can be stored.');
    const made = await alerts.createEndpoint(fields);
    if (made === null)
      throw new Problem(409, `There are ${alertLimits.endpoints} endpoints already. Delete one first.`);
    return context.json({ ...endpointView(made.endpoint), secret: made.secret }, 201);
  });
  api.openapi(editRoute, async (context) => {
    const edit = context.req.valid('json');
    check(edit.url);
    const endpoint = await alerts.updateEndpoint(context.req.valid('param').id, edit);
    if (endpoint === null) throw notFound('webhook endpoint');
    return context.json(endpointView(endpoint), 200);
  });
  api.openapi(deleteRoute, async (context) => {
    if (!(await alerts.deleteEndpoint(context.req.valid('param').id))) throw notFound('webhook endpoint');
    return context.body(null, 204);
  });
  api.openapi(testRoute, async (context) => {
    const sent = await alerts.testEndpoint(context.req.valid('param').id);
    if (sent === null) throw notFound('webhook endpoint');
    return context.json(deliveryView(sent), 200);
  });
}

function addDeliveryRoutes(api: OpenAPIHono<ApiEnv>, { alerts }: ManagementServices): void {
  api.openapi(deliveriesRoute, async (context) => {
    const { limit, cursor, endpoint: endpointId = null } = context.req.valid('query');
    const rows = await alerts.deliveries({ endpointId, after: timeCursor(cursor), limit: limit + 1 });
    const { page, next_cursor } = cutPage(rows, limit, ({ createdAtMs, id }) => ({ createdAtMs, id }));
    return context.json({ data: page.map(deliveryView), next_cursor }, 200);
  });
  api.openapi(resendRoute, async (context) => {
    const sent = await alerts.resend(context.req.valid('param').id);
    if (sent === null) throw notFound('delivery');
    return context.json(deliveryView(sent), 202);
  });
  // After the paths of deliveries, which would otherwise be read as an id.
  api.openapi(readRoute, async (context) => {
    const { id } = context.req.valid('param');
    const found = (await alerts.endpoints()).find((one) => one.id === id);
    if (found === undefined) throw notFound('webhook endpoint');
    return context.json(endpointView(found), 200);
  });
  api.openapi(incidentsRoute, async (context) => {
    return context.json({ data: (await alerts.openIncidents()).map(incidentView), next_cursor: null }, 200);
  });
}
