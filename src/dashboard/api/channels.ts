// /api/channels: the routes. Every write answers after the catalog has been refreshed.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ApiEnv } from './authenticate.ts';
import {
  channel,
  channelEdit,
  channelTest,
  channelTestRequest,
  discovery,
  newChannel,
} from './channel-fields.ts';
import { channelViewWithHealth, channelWithHealth } from './channel-health.ts';
import { channelView } from './channel-views.ts';
import { createChannel, editChannel } from './channel-writes.ts';
import { cutPage, pageOf, pageParameters, timeCursor } from './pages.ts';
import { fieldProblem, notFound } from './problem.ts';
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

const params = z.object({ id: z.string() });
const security = [{ adminKey: [] }];
const tags = ['channels'];

const createChannelRoute = createRoute({
  method: 'post',
  path: '/channels',
  summary: 'Create a channel. Its keys are never shown again.',
  tags,
  security,
  request: { body: jsonBody(newChannel) },
  responses: { 201: json(channel, 'The new channel.'), ...bodyFailures, ...callFailures },
});

const listChannelsRoute = createRoute({
  method: 'get',
  path: '/channels',
  summary: 'Channels, newest first.',
  tags,
  security,
  request: { query: z.object(pageParameters) },
  responses: { 200: json(pageOf(channelWithHealth), 'A page.'), ...inputFailures, ...callFailures },
});

const readChannelRoute = createRoute({
  method: 'get',
  path: '/channels/{id}',
  summary: 'One channel.',
  tags,
  security,
  request: { params },
  responses: { 200: json(channelWithHealth, 'The channel.'), ...missingFailure, ...callFailures },
});

const editChannelRoute = createRoute({
  method: 'patch',
  path: '/channels/{id}',
  summary: 'Edit a channel. Fields that are absent stay as they are; lists and maps are replaced whole.',
  tags,
  security,
  request: { params, body: jsonBody(channelEdit) },
  responses: {
    200: json(channel, 'The channel as it is now.'),
    ...bodyFailures,
    ...missingFailure,
    ...conflictFailure,
    ...callFailures,
  },
});

const deleteChannelRoute = createRoute({
  method: 'delete',
  path: '/channels/{id}',
  summary: 'Delete a channel and its keys.',
  tags,
  security,
  request: { params },
  responses: { 204: { description: 'It is gone.' }, ...missingFailure, ...callFailures },
});

const testChannelRoute = createRoute({
  method: 'post',
  path: '/channels/{id}/test',
  summary: 'Send a small request through a channel, disabled or not.',
  tags,
  security,
  request: { params, body: jsonBody(channelTestRequest, false) },
  responses: {
    200: json(channelTest, 'What became of it.'),
    ...bodyFailures,
    ...missingFailure,
    ...callFailures,
  },
});

const discoverRoute = createRoute({
  method: 'post',
  path: '/channels/{id}/discover',
  summary: "Read the upstream's own list of models. Changes nothing.",
  tags,
  security,
  request: { params },
  responses: { 200: json(discovery, 'The list.'), ...missingFailure, ...callFailures },
});

/** Adds the routes of channels. */
export function addChannelRoutes(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  addReadingRoutes(api, services);
  addTryingRoutes(api, services);
  api.openapi(createChannelRoute, async (context) => {
    const body = context.req.valid('json');
    return context.json(channelView(await createChannel(services, body)), 201);
  });
  api.openapi(editChannelRoute, async (context) => {
    const { id } = context.req.valid('param');
    return context.json(channelView(await editChannel(services, id, context.req.valid('json'))), 200);
  });
  api.openapi(deleteChannelRoute, async (context) => {
    if (!(await services.routing.delete(context.req.valid('param').id))) throw notFound('channel');
    await services.onChannelsChanged();
    return context.body(null, 204);
  });
}

function addReadingRoutes(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  const { routing, channelHealth, now } = services;
  api.openapi(listChannelsRoute, async (context) => {
    const { limit, cursor } = context.req.valid('query');
    const rows = await routing.list(timeCursor(cursor), limit + 1);
    const { page, next_cursor } = cutPage(rows, limit, ({ createdAtMs, channel }) => ({
      createdAtMs,
      id: channel.id,
    }));
    const health = await channelHealth();
    const data = page.map((record) => channelViewWithHealth(record, health, now()));
    return context.json({ data, next_cursor }, 200);
  });
  api.openapi(readChannelRoute, async (context) => {
    const record = await routing.find(context.req.valid('param').id);
    if (record === null) throw notFound('channel');
    return context.json(channelViewWithHealth(record, await channelHealth(), now()), 200);
  });
}

function addTryingRoutes(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  const { routing, testChannel, discoverModels } = services;
  api.openapi(testChannelRoute, async (context) => {
    const { id } = context.req.valid('param');
    const { model, key_id } = context.req.valid('json');
    const record = await routing.find(id);
    if (record === null) throw notFound('channel');
    if (key_id !== undefined && !record.channel.keys.some((key) => key.id === key_id)) {
      throw fieldProblem('key_id', `there is no key \`${key_id}\``);
    }
    return context.json(await testChannel(id, model, key_id), 200);
  });
  api.openapi(discoverRoute, async (context) => {
    const { id } = context.req.valid('param');
    if ((await routing.find(id)) === null) throw notFound('channel');
    return context.json(await discoverModels(id), 200);
  });
}
