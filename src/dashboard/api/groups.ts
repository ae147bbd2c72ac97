// /api/groups: the routes. group-writes.ts applies changes.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { ApiEnv } from './authenticate.ts';
import { group, groupEdit, groupView, newGroup } from './group-fields.ts';
import { GroupWrites } from './group-writes.ts';
import { managementLimits } from './limits.ts';
import { cutPage, nameCursor, pageOf, pageParameters } from './pages.ts';
import { notFound } from './problem.ts';
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

const params = z.object({ name: z.string() });
const security = [{ adminKey: [] }];
const tags = ['groups'];

const listGroupsRoute = createRoute({
  method: 'get',
  path: '/groups',
  summary: 'Groups in the order of their names.',
  tags,
  security,
  request: { query: z.object(pageParameters) },
  responses: { 200: json(pageOf(group), 'A page.'), ...inputFailures, ...callFailures },
});

const createGroupRoute = createRoute({
  method: 'post',
  path: '/groups',
  summary: 'Create a group: a bound around every token in it.',
  tags,
  security,
  request: { body: jsonBody(newGroup) },
  responses: { 201: json(group, 'The new group.'), ...bodyFailures, ...conflictFailure, ...callFailures },
});

const readGroupRoute = createRoute({
  method: 'get',
  path: '/groups/{name}',
  summary: 'One group.',
  tags,
  security,
  request: { params },
  responses: { 200: json(group, 'The group.'), ...missingFailure, ...callFailures },
});

const editGroupRoute = createRoute({
  method: 'patch',
  path: '/groups/{name}',
  summary: 'Edit a group. Fields that are absent stay as they are; lists and limits are replaced whole.',
  description: `In force at the very next request of its ${managementLimits.ledgersPerEdit} newest tokens; of the others within a minute.`,
  tags,
  security,
  request: { params, body: jsonBody(groupEdit) },
  responses: {
    200: json(group, 'The group as it is now.'),
    ...bodyFailures,
    ...missingFailure,
    ...callFailures,
  },
});

const deleteGroupRoute = createRoute({
  method: 'delete',
  path: '/groups/{name}',
  summary: 'Delete a group that no token is in and no channel names.',
  tags,
  security,
  request: { params },
  responses: {
    204: { description: 'It is gone.' },
    ...missingFailure,
    ...conflictFailure,
    ...callFailures,
  },
});

/** Adds the routes of groups. */
export function addGroupRoutes(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  const { groups } = services;
  const writes = new GroupWrites(services);
  api.openapi(listGroupsRoute, async (context) => {
    const { limit, cursor } = context.req.valid('query');
    const rows = await groups.list(nameCursor(cursor), limit + 1);
    const { page, next_cursor } = cutPage(rows, limit, ({ name }) => name);
    return context.json({ data: page.map(groupView), next_cursor }, 200);
  });
  api.openapi(createGroupRoute, async (context) => {
    const { name, ...edit } = context.req.valid('json');
    return context.json(groupView(await writes.create(name, edit)), 201);
  });
  api.openapi(readGroupRoute, async (context) => {
    const found = await groups.find(context.req.valid('param').name);
    if (found === null) throw notFound('group');
    return context.json(groupView(found), 200);
  });
  api.openapi(editGroupRoute, async (context) => {
    const { name } = context.req.valid('param');
    return context.json(groupView(await writes.update(name, context.req.valid('json'))), 200);
  });
  api.openapi(deleteGroupRoute, async (context) => {
    await writes.delete(context.req.valid('param').name);
    return context.body(null, 204);
  });
}
