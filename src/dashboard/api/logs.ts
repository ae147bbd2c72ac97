// /api/logs and /api/logs.csv: the request log, newest first. Contains no prompt, answer, or key.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { LogRow } from '../../metering/log-row.ts';
import { findRow, pageOfRows } from '../../metering/page-log.ts';
import type { Principal } from '../accounts/account.ts';
import type { ApiEnv } from './authenticate.ts';
import { freshPage, freshRow } from './fresh-page.ts';
import { csvFileName, csvLimits, csvPieces, csvResponse } from './log-csv.ts';
import { logRow, logRowView } from './log-fields.ts';
import { logFilterOf, logFilters } from './log-filter.ts';
import { encodeCursor, pageOf, pageParameters, timeCursor } from './pages.ts';
import { notFound } from './problem.ts';
import { callFailures, inputFailures, json, missingFailure } from './responses.ts';
import { accountInView } from './roles.ts';
import type { ManagementServices } from './services.ts';

const idFilter = {
  id: z.string().optional().openapi({ description: 'A request id. Other filters are left aside.' }),
};

const listLogsRoute = createRoute({
  method: 'get',
  path: '/logs',
  summary: 'Requests, newest first.',
  description:
    'Refused requests too. A page examines a bounded part of the log: with filters it may be short, or empty, and have a `next_cursor`. A value that nothing has is an empty page.',
  tags: ['logs'],
  security: [{ adminKey: [] }],
  request: { query: z.object({ ...pageParameters, ...idFilter, ...logFilters }) },
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
  request: { query: z.object(logFilters) },
  responses: {
    200: { description: 'The rows.', content: { 'text/csv': { schema: z.string() } } },
    ...inputFailures,
    ...callFailures,
  },
});

/** Adds the routes of the log. */
export function addLogRoutes(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  const { db } = services;
  api.openapi(listLogsRoute, async (context) => {
    const { limit, cursor, id, ...asked } = context.req.valid('query');
    const { principal } = context.var;
    const filter = await logFilterOf(services, principal, asked);
    const { rows, next } =
      id === undefined
        ? await freshPage(services, filter, timeCursor(cursor), limit, backgroundOf(context))
        : { rows: await freshRow(services, id, () => rowOf(db, id, principal)), next: null };
    const next_cursor = next === null ? null : encodeCursor(next);
    return context.json({ data: rows.map((row) => logRowView(row, principal.role)), next_cursor }, 200);
  });
  api.openapi(readLogRoute, async (context) => {
    const { id } = context.req.valid('param');
    const find = () => rowOf(db, id, context.var.principal);
    const [row] = await freshRow(services, id, find);
    if (row === undefined) throw notFound('request');
    return context.json(logRowView(row, context.var.principal.role), 200);
  });
  api.openapi(exportLogsRoute, async (context) => {
    const filter = await logFilterOf(services, context.var.principal, context.req.valid('query'));
    const pieces = csvPieces((after, limit) => pageOfRows(db, filter, after, limit));
    return csvResponse(pieces, csvFileName('relay-log', filter));
  });
}

/** Pages of the dashboard call without an execution context: their call waits for the work. */
function backgroundOf(context: Context<ApiEnv>): ((work: Promise<unknown>) => void) | null {
  try {
    const { executionCtx } = context;
    return (work) => executionCtx.waitUntil(work);
  } catch {
    return null;
  }
}

async function rowOf(db: D1Database, id: string, principal: Principal): Promise<LogRow[]> {
  const row = await findRow(db, id, accountInView(principal, undefined));
  return row === null ? [] : [row];
}
