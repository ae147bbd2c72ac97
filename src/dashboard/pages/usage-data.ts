// What the page of usage asks of /api/usage, and the chart that it makes of the answers.
import { messages } from '../i18n/messages.ts';
import { type PageContext, PageProblem } from './page-env.ts';
import type { Series } from './usage-chart.tsx';
import { chartLimits, rangeOf, type UsageRange } from './usage-range.ts';
import type { UsageRow } from './usage-table.tsx';
import { adminGroupings, type GroupedRow, type Grouping, groupings } from './usage-totals.tsx';

const texts = () => messages().usage;

export const metrics = ['cost', 'requests', 'tokens'] as const;
type Metric = (typeof metrics)[number];

/** Filters that the page passes on as they are. */
const filters = ['token', 'model', 'account', 'channel', 'group'] as const;

interface Answer {
  data: GroupedRow[];
  total: GroupedRow;
  /** Older rows were not examined. Null: all were. */
  examined_from: string | null;
}

/** What the reader asked for. */
export interface Question {
  range: UsageRange;
  by: Grouping;
  and: Grouping | null;
  metric: Metric;
  /** Which tag's values the grouping `tag` has. */
  tagKey: string;
  query: URLSearchParams;
}

export function groupingsFor(context: PageContext): readonly Grouping[] {
  return context.var.principal.role === 'admin' ? [...groupings, ...adminGroupings] : groupings;
}

/** Returns null for an invalid range. */
export function questionOf(context: PageContext): Question | null {
  const asked = (name: string) => context.req.query(name);
  const range = rangeOf(
    { range: asked('range'), from: asked('from'), to: asked('to') },
    context.var.services.now(),
  );
  if (range === null) return null;
  const known = groupingsFor(context);
  const by = known.find((one) => one === asked('by')) ?? 'model';
  const second = known.find((one) => one === asked('and') && one !== by) ?? null;
  // A token has one account: to group by both says nothing more, and the names would be one question more.
  const isSame = [by, second].includes('token') && [by, second].includes('account');
  const and = isSame ? null : second;
  const query = new URLSearchParams({
    from: new Date(range.fromMs).toISOString(),
    to: new Date(range.toMs).toISOString(),
  });
  for (const name of filters) {
    const value = asked(name)?.trim();
    // The sums are by the model that answered, or by the requested one.
    const sent = name === 'model' && [by, and].includes('requested_model') ? 'requested_model' : name;
    if (value) query.set(sent, value);
  }
  const metric = metrics.find((one) => one === asked('metric')) ?? 'cost';
  return { range, by, and, metric, tagKey: asked('tag')?.trim() || usualTag, query };
}

/** The tag that is shown if the reader names none. */
const usualTag = 'project';

/** Returns a grouping as /api/usage names it. */
function apiGrouping(grouping: Grouping, { tagKey }: Question): string {
  return grouping === 'tag' ? `tag:${tagKey}` : grouping;
}

export function tableQuery(question: Question): URLSearchParams {
  const { by, and, query } = question;
  const grouped = new URLSearchParams(query);
  const both = and === null ? [by] : [by, and];
  grouped.set('group_by', both.map((one) => apiGrouping(one, question)).join(','));
  return grouped;
}

export interface Data {
  table: Answer;
  /** The groups with a color of their own over time, most first; of a time alone: none. */
  leaders: string[];
  ofLeaders: Answer | null;
  /** Everything over time. */
  all: Answer;
}

type Results = { problem: string } | ({ problem?: undefined } & Data);

/** Reads the table, then the chart of the groups that are on top of it. */
export async function answers(context: PageContext, question: Question): Promise<Results> {
  const { by, range, metric, query } = question;
  const table = await answered(context, tableQuery(question));
  if (typeof table === 'string') return { problem: table };
  const leaders = isTime(by) ? [] : leadersOf(table.data, metric);
  const over = new URLSearchParams(query);
  over.set('group_by', range.unit);
  const ofLeaders = new URLSearchParams(query);
  ofLeaders.set('group_by', `${range.unit},${apiGrouping(by, question)}`);
  if (narrowed.has(by)) for (const key of leaders) ofLeaders.append('only', key);
  const [all, some] = await Promise.all([
    answered(context, over),
    leaders.length === 0 ? null : answered(context, ofLeaders),
  ]);
  if (typeof all === 'string') return { problem: all };
  return typeof some === 'string' ? { problem: some } : { table, leaders, ofLeaders: some, all };
}

/** Groupings that the API narrows to keys. Groups are few, and sums from the log read the same rows. */
const narrowed: ReadonlySet<Grouping> = new Set(['token', 'account', 'channel', 'model', 'requested_model']);

/** Returns the answer of /api/usage, or what is wrong with the question. Throws other problems. */
async function answered({ var: { api } }: PageContext, query: URLSearchParams): Promise<Answer | string> {
  const answer = await api<Answer>('GET', `/usage?${query}`);
  if (answer.ok) return answer.value;
  if (answer.status !== 400) throw new PageProblem(answer.status, answer.detail);
  return Object.values(answer.errors)[0] ?? answer.detail;
}

/** Returns the keys of the first grouping with the highest sums. */
function leadersOf(rows: readonly GroupedRow[], metric: Metric): string[] {
  const sums = new Map<string, number>();
  for (const row of rows) sums.set(row.key, (sums.get(row.key) ?? 0) + figureOf(row, metric));
  const ordered = [...sums].sort(([, one], [, other]) => other - one);
  return ordered.slice(0, chartLimits.series).map(([key]) => key);
}

function isTime(grouping: Grouping): grouping is 'day' | 'month' {
  return grouping === 'day' || grouping === 'month';
}

function figureOf(row: UsageRow, metric: Metric): number {
  if (metric === 'cost') return row.cost_usd;
  return metric === 'requests' ? row.requests : (row.input_tokens ?? 0) + (row.output_tokens ?? 0);
}

/** Returns the leaders over time, and what is left as one. */
export function seriesOf(
  { metric }: Question,
  keys: readonly string[],
  { leaders, ofLeaders, all }: Data,
  names: ReadonlyMap<string, string>,
): Series[] {
  const columns = new Map(keys.map((key, index) => [key, index]));
  const sums = (rows: readonly GroupedRow[]) => {
    const values = keys.map(() => 0);
    for (const row of rows) {
      const column = columns.get(row.key);
      if (column !== undefined) values[column] = (values[column] ?? 0) + figureOf(row, metric);
    }
    return values;
  };
  const totals = sums(all.data);
  if (ofLeaders === null) return [{ label: texts().total, values: totals }];
  const label = (group: string) => (group === '' ? texts().unnamed : (names.get(group) ?? group));
  const series = leaders.map((group) => ({
    label: label(group),
    values: sums(ofLeaders.data.filter(({ second_key }) => second_key === group)),
  }));
  const others = totals.map((total, index) =>
    series.reduce((rest, { values }) => rest - (values[index] ?? 0), total),
  );
  // Differences of sums in floating point are no usage.
  const isMore = others.some((rest, index) => rest > (totals[index] ?? 0) * 1e-9);
  return isMore
    ? [...series, { label: texts().others, values: others.map((rest) => Math.max(0, rest)) }]
    : series;
}
