// /api/reconciliation: whether ledgers, log, and roll-ups agree. Reading changes nothing.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { usdFromNano } from '../../lib/money.ts';
import { type HourRange, recordedToken, recordedTokens } from '../../metering/reconcile-log.ts';
import type { ApiEnv } from './authenticate.ts';
import { cutPage, nameCursor, pageOf, pageParameters } from './pages.ts';
import { notFound } from './problem.ts';
import { type Comparison, checks, compareToken, differenceView, repairToken } from './reconciliation.ts';
import { callFailures, inputFailures, json, missingFailure } from './responses.ts';
import type { ManagementServices } from './services.ts';
import { instant, msOf, usd } from './values.ts';

const difference = z.object({
  check: z.enum(checks).openapi({
    description:
      'ledger-log: what the ledger charged, and the log. log-roll-ups: the rows of the range, and their roll-ups. recorded-spend: what the ledger charged, and the token’s `spent_usd`.',
  }),
  unit: z.enum(['usd', 'requests']),
  expected: z.number(),
  found: z.number(),
});

const comparison = z
  .object({
    token_id: z.string(),
    name: z.string(),
    status: z.string(),
    ledger_usd: usd,
    carried_usd: usd.openapi({ description: 'Of that, spent before an import: it has no rows here.' }),
    log_usd: usd.openapi({ description: 'All rows that ever were, by the roll-ups.' }),
    pending_rows: z.int().openapi({ description: 'Settled, and on their way to the log: no difference.' }),
    pending_usd: usd,
    busy: z
      .boolean()
      .openapi({ description: 'In use the whole time, so that nothing could be compared: ask again.' }),
    differences: z.array(difference),
  })
  .openapi('Reconciliation');

const range = {
  from: instant.optional().openapi({
    description: 'Rows are compared with their roll-ups from here; thirty days ago when nothing is said.',
  }),
};

const readRoute = createRoute({
  method: 'get',
  path: '/reconciliation',
  summary: 'Ledgers compared with the log, in the order of token ids. Changes nothing.',
  tags: ['reconciliation'],
  security: [{ adminKey: [] }],
  request: { query: z.object({ ...pageParameters, ...range }) },
  responses: { 200: json(pageOf(comparison), 'A page.'), ...inputFailures, ...callFailures },
});

const mendRoute = createRoute({
  method: 'post',
  path: '/reconciliation/{id}',
  summary: 'Bring the log of one token into line with its ledger, and compare again.',
  description:
    'Roll-ups are computed again from the log; what the log still lacks becomes a row with the error code `reconciled`; the recorded spend becomes the ledger’s. The ledger itself is never changed.',
  tags: ['reconciliation'],
  security: [{ adminKey: [] }],
  request: { params: z.object({ id: z.string() }), query: z.object(range) },
  responses: {
    200: json(comparison, 'What differs still.'),
    ...inputFailures,
    ...missingFailure,
    ...callFailures,
  },
});

/** Tokens that are compared together; each takes two calls of its ledger and one of the database. */
const tokensAtATime = 10;

/** Adds the routes of reconciling. */
export function addReconciliationRoutes(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  api.openapi(readRoute, async (context) => {
    const { limit, cursor, from } = context.req.valid('query');
    const tokens = await recordedTokens(services.db, nameCursor(cursor) ?? '', limit + 1);
    const { page, next_cursor } = cutPage(tokens, limit, ({ tokenId }) => tokenId);
    const data: Comparison[] = [];
    for (let at = 0; at < page.length; at += tokensAtATime) {
      const some = page.slice(at, at + tokensAtATime);
      const asked = rangeOf(services, from);
      data.push(...(await Promise.all(some.map((token) => compareToken(services, token, asked)))));
    }
    return context.json({ data: data.map(comparisonView), next_cursor }, 200);
  });
  api.openapi(mendRoute, async (context) => {
    const token = await recordedToken(services.db, context.req.valid('param').id);
    if (token === null) throw notFound('token');
    const asked = rangeOf(services, context.req.valid('query').from);
    return context.json(comparisonView(await repairToken(services, token, asked)), 200);
  });
}

const hourMs = 3_600_000;

/** Whole hours up to now, from one hour after the oldest rows that retention may have begun to delete. */
function rangeOf({ now, logRetentionMs }: ManagementServices, from: string | undefined): HourRange {
  const nowMs = now();
  const asked = from === undefined ? nowMs - 30 * 24 * hourMs : msOf(from);
  const whole = logRetentionMs === null ? asked : Math.max(asked, nowMs - logRetentionMs + hourMs);
  const fromMs = Math.max(0, Math.ceil(whole / hourMs) * hourMs);
  // Includes the running hour: rows and roll-ups are written together.
  return { fromMs, toMs: Math.max(fromMs, Math.ceil(nowMs / hourMs) * hourMs + hourMs) };
}

function comparisonView({
  token,
  audit,
  figures,
  differences,
  isBusy,
}: Comparison): z.infer<typeof comparison> {
  return {
    token_id: token.tokenId,
    name: token.name,
    status: token.status,
    ledger_usd: usdFromNano(audit.spentNanoUsd),
    carried_usd: usdFromNano(audit.carriedNanoUsd),
    log_usd: usdFromNano(figures.rolledUp.costNanoUsd),
    pending_rows: audit.pendingRows,
    pending_usd: usdFromNano(figures.missingNanoUsd),
    busy: isBusy,
    differences: differences.map(differenceView),
  };
}
