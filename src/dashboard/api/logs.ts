// /api/logs and /api/logs.csv: the request log, newest first. Contains no prompt, answer, or key.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { findRow, type LogFilter, mostRowsExamined, pageOfRows } from '../../metering/page-log.ts';
import type { ApiEnv } from './authenticate.ts';
import { streamOf } from './export.ts';
import { csvFileName, csvLimits, csvPieces } from './log-csv.ts';
import { logRow, logRowView } from './log-fields.ts';
import { encodeCursor, pageOf, pageParameters, timeCursor } from './pages.ts';
import { fieldProblem, notFound } from './problem.ts';
import { callFailures, inputFailures, json, missingFailure } from './responses.ts';
import { accountInView } from './roles.ts';
import type { ManagementServices } from './services.ts';
import { instant, msOf } from './values.ts';

const filters = {
  token: z.string().optional().openapi({ description: 'Token id.' }),
  account: z.string().optional().openapi({ description: 'Account id.' }),
  model: z.string().optional().openapi({ description: 'As it was requested.' }),
  channel: z.string().optional().openapi({ description: 'Channel id.' }),
  status: z.coerce.number().int().min(100).max(599).optional(),
  from: instant.optional(),
  to: instant.optional().openapi({ description: 'Not included.' }),
};
const filterQuery = z.object(filters);

const listLogsRoute = createRoute({
  method: 'get',
  path: '/logs',
  summary: 'Requests, newest first.',
  description: `Refused requests too. A page of several filters besides time looks at ${mostRowsExamined} rows at most: it may come short, or empty, and have a \`next_cursor\`.`,
  tags: ['logs'],
  security: [{ adminKey: [] }],
  request: { query: z.object({ ...pageParameters, ...filters }) },
  responses: { 200: json(pageOf(logRow), 'A page.'), ...inputFailures, ...callFailures },
});

const readLogRoute = createRoute({
  method: 'get',
  path: '/logs/{id}',
  summary: 'One request, by its id. It is there some seconds after its end.',
  tags: ['logs'],
  security: [{ adminKey: [] }],
  request: { params: z.object({ id: z.string() }) },
  responses: { 200: json(logRow, 'The request.'), ...missingFailure, ...callFailures },
});

const exportLogsRoute = createRoute({
  method: 'get',
  path: '/logs.csv',
  summary: 'The same as CSV, all of it.',
  description: `Streamed; ${csvLimits.rows.toLocaleString('en')} rows at most, the newest. Times and filters cut it.`,
  tags: ['logs'],
  security: [{ adminKey: [] }],
  request: { query: filterQuery },
  responses: {
    200: { description: 'The rows.', content: { 'text/csv': { schema: z.string() } } },
    ...inputFailures,
    ...callFailures,
  },
});

/** Adds the routes of the log. */
export function addLogRoutes(api: OpenAPIHono<ApiEnv>, { db }: ManagementServices): void {
  api.openapi(listLogsRoute, async (context) => {
    const { limit, cursor, ...asked } = context.req.valid('query');
    const { role } = context.var.principal;
    const query = { ...asked, account: accountInView(context.var.principal, asked.account) };
    const { rows, next } = await pageOfRows(db, filterOf(query), timeCursor(cursor), limit);
    const next_cursor = next === null ? null : encodeCursor(next);
    return context.json({ data: rows.map((row) => logRowView(row, role)), next_cursor }, 200);
  });
  api.openapi(readLogRoute, async (context) => {
    const accountId = accountInView(context.var.principal, undefined);
    const row = await findRow(db, context.req.valid('param').id, accountId);
    if (row === null) throw notFound('request');
    return context.json(logRowView(row, context.var.principal.role), 200);
  });
  api.openapi(exportLogsRoute, async (context) => {
    const asked = context.req.valid('query');
    const filter = filterOf({ ...asked, account: accountInView(context.var.principal, asked.account) });
    const pieces = csvPieces((after, limit) => pageOfRows(db, filter, after, limit));
    const headers = {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${csvFileName(filter)}"`,
    };
    return new Response(streamOf(pieces), { headers });
  });
}

function filterOf(query: z.infer<typeof filterQuery>): LogFilter {
  const { token, account, model, channel, status, from, to } = query;
  const fromMs = from === undefined ? undefined : msOf(from);
  const toMs = to === undefined ? undefined : msOf(to);
  if (fromMs !== undefined && toMs !== undefined && fromMs > toMs) {
    throw fieldProblem('from', 'must not be after `to`');
  }
  return { tokenId: token, accountId: account, model, channelId: channel, status, fromMs, toMs };
}
