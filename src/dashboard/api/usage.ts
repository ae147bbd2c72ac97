// /api/usage: sums of requests, tokens, cost, and errors, by one or two groupings.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { attributedUsage, attributedUsageLimits } from '../../metering/attributed-usage-log.ts';
import { idsOfNames } from '../../metering/filter-names-log.ts';
import { mostUsageGroups, topUsage, type UsageSums, usage } from '../../metering/usage-log.ts';
import {
  type AttributedGrouping,
  isAttributed,
  type UsageGrouping,
  type UsageQuery,
  usageGroupings,
} from '../../metering/usage-query.ts';
import type { Principal } from '../accounts/account.ts';
import type { ApiEnv } from './authenticate.ts';
import { managementLimits } from './limits.ts';
import { csvField, csvFileName, csvResponse } from './log-csv.ts';
import { fieldProblem } from './problem.ts';
import { callFailures, inputFailures, json } from './responses.ts';
import { accountInView } from './roles.ts';
import type { ManagementServices } from './services.ts';
import { totalOf, usageRow, usageSums, usageView } from './usage-fields.ts';
import { instant, isoOf, isoTime, msOf } from './values.ts';

const names = `${usageGroupings.join(', ')}, end_user, session, tag:KEY`;

type Grouping = UsageGrouping | AttributedGrouping;

const groupBy = z
  .string()
  .default('day')
  .transform((text) => text.split(',') as Grouping[])
  .refine(
    (groupings) =>
      groupings.length <= 2 &&
      new Set(groupings).size === groupings.length &&
      groupings.every(
        (grouping) => usageGroupings.includes(grouping as UsageGrouping) || isAttributed(grouping),
      ),
    `must be one or two of ${names}, separated by a comma`,
  )
  .openapi({
    type: 'string',
    description: `One or two of ${names}, separated by a comma. \`model\`: the model that answered; \`requested_model\`: as it was requested. \`end_user\`, \`session\`, and \`tag:KEY\` (the values of that tag) are read from the log: the newest ${attributedUsageLimits.rowsExamined.toLocaleString('en')} rows of the range, as far back as it goes.`,
  });

const query = z.object({
  group_by: groupBy,
  from: instant.optional().openapi({ description: 'Thirty days before `to` by default.' }),
  to: instant.optional().openapi({ description: 'Not included; now by default.' }),
  token: z.string().optional().openapi({ description: 'Token id or name.' }),
  account: z.string().optional().openapi({ description: 'Account id, name, or email.' }),
  group: z.string().optional(),
  model: z.string().optional().openapi({ description: 'The model that answered.' }),
  requested_model: z.string().optional().openapi({ description: 'Not together with `model`.' }),
  channel: z.string().optional().openapi({ description: 'Channel id or name.' }),
  only: z
    .union([z.string().transform((key) => [key]), z.array(z.string())])
    .refine((keys) => keys.length <= managementLimits.usageKeys, `at most ${managementLimits.usageKeys}`)
    .optional()
    .openapi({
      type: 'array',
      items: { type: 'string' },
      description:
        'Only these keys of the last grouping, which is a token, account, channel, or model. Repeat it for several.',
    }),
});

const answer = z.object({
  group_by: z.string(),
  from: isoTime,
  to: isoTime,
  data: z.array(usageRow),
  total: usageSums.openapi({ description: 'The sum of the rows.' }),
  examined_from: isoTime.nullable().openapi({
    description:
      'By end_user, session, or tag: older rows of the range were not examined, because there are too many. Ask for a shorter time. null: all were.',
  }),
});

const usageRoute = createRoute({
  method: 'get',
  path: '/usage',
  summary: 'Sums of usage by one or two groupings. Whole hours, in UTC.',
  description: `By time: oldest first. Otherwise: most expensive first. At most ${mostUsageGroups.toLocaleString('en')} rows. By \`channel\`, errors and the time to the first byte count attempts, those too that another channel made up for.`,
  tags: ['usage'],
  security: [{ adminKey: [] }],
  request: { query },
  responses: { 200: json(answer, 'The sums.'), ...inputFailures, ...callFailures },
});

const csvRoute = createRoute({
  method: 'get',
  path: '/usage.csv',
  summary: 'The same as CSV.',
  tags: ['usage'],
  security: [{ adminKey: [] }],
  request: { query },
  responses: {
    200: { description: 'The sums.', content: { 'text/csv': { schema: z.string() } } },
    ...inputFailures,
    ...callFailures,
  },
});

const topAnswer = z.object({
  from: isoTime,
  to: isoTime,
  models: z.array(usageRow),
  tokens: z.array(usageRow),
  channels: z.array(usageRow),
});

const topRoute = createRoute({
  method: 'get',
  path: '/usage/top',
  summary: 'The most expensive models, tokens, and channels of a time. Whole hours, in UTC.',
  tags: ['usage'],
  security: [{ adminKey: [] }],
  request: {
    query: z.object({
      from: instant.optional().openapi({ description: 'Thirty days before `to` by default.' }),
      to: instant.optional().openapi({ description: 'Not included; now by default.' }),
      account: z.string().optional().openapi({ description: 'Account id, name, or email.' }),
      limit: z.coerce.number().int().min(1).max(managementLimits.pageRows).default(10),
    }),
  },
  responses: { 200: json(topAnswer, 'The sums, most expensive first.'), ...inputFailures, ...callFailures },
});

const thirtyDaysMs = 30 * 86_400_000;

/** Adds the routes of usage. */
export function addUsageRoute(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  const { db, now } = services;
  api.openapi(usageRoute, async (context) => {
    const asked = context.req.valid('query');
    const usageQuery = await queryOf(services, context.var.principal, asked);
    const { sums, examinedFromMs } = await sumsOf(db, usageQuery, asked.group_by);
    const data = sums.map((row) => usageView(asked.group_by, row));
    const range = { from: isoOf(usageQuery.fromMs), to: isoOf(usageQuery.toMs) };
    const examined_from = isoOf(examinedFromMs);
    return context.json(
      { group_by: asked.group_by.join(','), ...range, data, total: totalOf(sums), examined_from },
      200,
    );
  });
  api.openapi(csvRoute, async (context) => {
    const asked = context.req.valid('query');
    const usageQuery = await queryOf(services, context.var.principal, asked);
    const { sums } = await sumsOf(db, usageQuery, asked.group_by);
    return csvResponse(usageCsv(asked.group_by, sums), csvFileName('relay-usage', usageQuery));
  });
  api.openapi(topRoute, async (context) => {
    const { account, limit, ...asked } = context.req.valid('query');
    const range = rangeOf(asked, now());
    const accountId = await accountsInView(db, context.var.principal, account);
    const { model, token, channel } = await topUsage(db, { ...range, accountId }, limit);
    const view = (grouping: UsageGrouping, sums: UsageSums[]) =>
      sums.map((row) => usageView([grouping], row));
    const data = {
      models: view('model', model),
      tokens: view('token', token),
      channels: view('channel', channel),
    };
    return context.json({ from: isoOf(range.fromMs), to: isoOf(range.toMs), ...data }, 200);
  });
}

/** Reads roll-ups, or the log for what they do not have. */
async function sumsOf(db: D1Database, query: Omit<UsageQuery, 'groupBy'>, groupBy: readonly Grouping[]) {
  if (groupBy.some(isAttributed)) return attributedUsage(db, { ...query, groupBy });
  const sums = await usage(db, { ...query, groupBy: groupBy as UsageGrouping[] });
  return { sums, examinedFromMs: null };
}

async function queryOf(
  { db, now }: ManagementServices,
  principal: Principal,
  asked: z.infer<typeof query>,
): Promise<Omit<UsageQuery, 'groupBy'>> {
  if (asked.model !== undefined && asked.requested_model !== undefined)
    throw fieldProblem('requested_model', 'must not be together with `model`');
  const isByBoth = asked.group_by.includes('model') && asked.group_by.includes('requested_model');
  const isMixed =
    (asked.model !== undefined && asked.group_by.includes('requested_model')) ||
    (asked.requested_model !== undefined && asked.group_by.includes('model'));
  if (isByBoth || isMixed)
    throw fieldProblem(
      'group_by',
      'sums know the model that answered or the requested one, not both together',
    );
  const ids = await idsOfNames(db, { token: asked.token, channel: asked.channel });
  return onlyKeys(asked, {
    ...rangeOf(asked, now()),
    tokenId: ids.token,
    channelId: ids.channel,
    accountId: await accountsInView(db, principal, asked.account),
    model: asked.model,
    requestedModel: asked.requested_model,
    group: asked.group,
  });
}

const filterOf = {
  token: 'tokenId',
  account: 'accountId',
  channel: 'channelId',
  model: 'model',
  requested_model: 'requestedModel',
} as const;

/** Narrows a query to keys of its last grouping. It never widens a filter, so a member sees nothing of others. */
function onlyKeys<Query extends Partial<UsageQuery>>(
  { only, group_by }: z.infer<typeof query>,
  asked: Query,
): Query {
  if (only === undefined) return asked;
  const last = group_by.at(-1) ?? '';
  if (!Object.hasOwn(filterOf, last))
    throw fieldProblem(
      'only',
      'needs token, account, channel, model, or requested_model as the last grouping',
    );
  const field = filterOf[last as keyof typeof filterOf];
  const before = asked[field];
  const keys = before === undefined ? only : only.filter((key) => [before].flat().includes(key));
  return { ...asked, [field]: keys };
}

async function accountsInView(
  db: D1Database,
  principal: Principal,
  asked: string | undefined,
): Promise<string | readonly string[] | undefined> {
  if (principal.role !== 'admin') return accountInView(principal, asked);
  return (await idsOfNames(db, { account: asked })).account;
}

function rangeOf({ from, to }: { from?: string | undefined; to?: string | undefined }, nowMs: number) {
  const toMs = to === undefined ? nowMs : msOf(to);
  const fromMs = from === undefined ? toMs - thirtyDaysMs : msOf(from);
  if (fromMs > toMs) throw fieldProblem('from', 'must not be after `to`');
  return { fromMs, toMs };
}

const sumNames = Object.keys(usageSums.shape) as (keyof typeof usageSums.shape)[];

/** Rows that are written together. */
const rowsAtATime = 1_000;

/** Writes the header line, with the groupings by their names, then a line for each row. */
async function* usageCsv(groupings: readonly Grouping[], rows: readonly UsageSums[]): AsyncGenerator<string> {
  yield `${[...groupings, ...sumNames].join(',')}\r\n`;
  for (let at = 0; at < rows.length; at += rowsAtATime)
    yield rows
      .slice(at, at + rowsAtATime)
      .map((row) => usageLine(groupings, row))
      .join('');
}

function usageLine(groupings: readonly Grouping[], row: UsageSums): string {
  const view = usageView(groupings, row);
  const keys = groupings.length === 1 ? [view.key] : [view.key, view.second_key];
  return `${[...keys, ...sumNames.map((name) => view[name])].map(csvField).join(',')}\r\n`;
}
