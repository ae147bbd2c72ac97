// The page of usage: any range, up to two groupings, a chart over time, a table with totals, and links to the log.
import { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import { accountInView } from '../api/roles.ts';
import { messages } from '../i18n/messages.ts';
import { Alert, Choice, Field } from './form.tsx';
import { show } from './layout.tsx';
import { type ApiAnswer, type PageContext, type PageEnv, PageProblem } from './page-env.ts';
import { Empty, Heading } from './parts.tsx';
import { type Series, StackedChart } from './usage-chart.tsx';
import { chartLimits, columnKeys, rangeNames, rangeOf, type UsageRange } from './usage-range.ts';
import type { UsageRow } from './usage-table.tsx';
import { adminGroupings, type GroupedRow, type Grouping, groupings, UsageTotals } from './usage-totals.tsx';

const texts = () => messages().usage;

const metrics = ['cost', 'requests', 'tokens'] as const;
type Metric = (typeof metrics)[number];

/** Filters that the page passes on as they are. */
const filters = ['token', 'model', 'account', 'channel', 'group'] as const;

/** Rows of the table; the CSV file has all. */
const shownRows = 100;

interface Answer {
  data: GroupedRow[];
  total: GroupedRow;
}

/** What the reader asked for. */
interface Question {
  range: UsageRange;
  by: Grouping;
  and: Grouping | null;
  metric: Metric;
  query: URLSearchParams;
}

/** The route of /dashboard/usage. */
export function usageRoutes(): Hono<PageEnv> {
  return new Hono<PageEnv>().get('/', showUsage);
}

async function showUsage(context: PageContext) {
  const question = questionOf(context);
  const results = question === null ? null : await answers(context, question);
  const problem = question === null ? texts().wrongRange : results?.problem;
  const content = (
    <>
      <Heading title={texts().title} lead={texts().lead}>
        {question === null ? null : (
          <a href={`/api/usage.csv?${tableQuery(question)}`} class="button outline" download>
            {texts().csv}
          </a>
        )}
      </Heading>
      {problem === undefined ? null : <Alert>{problem}</Alert>}
      <Filters context={context} question={question} />
      {question === null || results === null || results.problem !== undefined ? null : (
        <Results
          question={question}
          results={results}
          names={await namesOf(context, question, results.table)}
        />
      )}
    </>
  );
  return show(context, 'usage', texts().title, content, problem === undefined ? 200 : 400);
}

function groupingsFor(context: PageContext): readonly Grouping[] {
  return context.var.principal.role === 'admin' ? [...groupings, ...adminGroupings] : groupings;
}

/** Returns null if the range is none. */
function questionOf(context: PageContext): Question | null {
  const asked = (name: string) => context.req.query(name);
  const range = rangeOf(
    { range: asked('range'), from: asked('from'), to: asked('to') },
    context.var.services.now(),
  );
  if (range === null) return null;
  const known = groupingsFor(context);
  const by = known.find((one) => one === asked('by')) ?? 'model';
  const and = known.find((one) => one === asked('and') && one !== by) ?? null;
  const query = new URLSearchParams({
    from: new Date(range.fromMs).toISOString(),
    to: new Date(range.toMs).toISOString(),
  });
  for (const name of filters) {
    const value = asked(name)?.trim();
    if (value) query.set(name, value);
  }
  return { range, by, and, metric: metrics.find((one) => one === asked('metric')) ?? 'cost', query };
}

function tableQuery({ by, and, query }: Question): URLSearchParams {
  const grouped = new URLSearchParams(query);
  grouped.set('group_by', and === null ? by : `${by},${and}`);
  return grouped;
}

type Results = { problem: string } | { problem?: undefined; table: Answer; overTime: Answer };

/** Reads the table and the chart. */
async function answers({ var: { api } }: PageContext, question: Question): Promise<Results> {
  const { by, range, query } = question;
  const chart = new URLSearchParams(query);
  chart.set('group_by', isTime(by) ? range.unit : `${range.unit},${by}`);
  const [table, overTime] = await Promise.all([
    api<Answer>('GET', `/usage?${tableQuery(question)}`),
    api<Answer>('GET', `/usage?${chart}`),
  ]);
  for (const answer of [table, overTime] as ApiAnswer<Answer>[]) {
    if (answer.ok) continue;
    if (answer.status !== 400) throw new PageProblem(answer.status, answer.detail);
    return { problem: Object.values(answer.errors)[0] ?? answer.detail };
  }
  return table.ok && overTime.ok ? { table: table.value, overTime: overTime.value } : { problem: '' };
}

function isTime(grouping: Grouping): grouping is 'day' | 'month' {
  return grouping === 'day' || grouping === 'month';
}

/** Returns the names of the tokens, accounts, and channels of the table, by id. */
async function namesOf(
  { var: { services, principal } }: PageContext,
  { by, and }: Question,
  { data }: Answer,
): Promise<ReadonlyMap<string, string>> {
  const has = (grouping: Grouping) => by === grouping || and === grouping;
  const ids = data.slice(0, shownRows).flatMap(({ key, second_key }) => [key, second_key ?? '']);
  const named = await Promise.all([
    has('token') ? services.tokens.summaries(ids, accountInView(principal, undefined)) : [],
    has('account') ? services.accounts.list() : [],
    has('channel') ? services.liveChannels() : [],
  ]);
  return new Map(named.flat().map(({ id, name }) => [id, name]));
}

const Results: FC<{
  question: Question;
  results: { table: Answer; overTime: Answer };
  names: ReadonlyMap<string, string>;
}> = ({ question, results: { table, overTime }, names }) => {
  if (table.data.length === 0) return <Empty>{messages().overview.nothing}</Empty>;
  const { range, by, and, metric } = question;
  const keys = columnKeys(range);
  return (
    <>
      <article>
        <h2>{texts().chart(texts().metrics[metric], texts().groupings[by])}</h2>
        <StackedChart
          label={texts().chart(texts().metrics[metric], texts().groupings[by])}
          keys={keys}
          series={seriesOf(question, keys, overTime.data, names)}
          isMoney={metric === 'cost'}
        />
      </article>
      <UsageTotals
        rows={table.data.slice(0, shownRows)}
        total={table.total}
        by={by}
        and={and}
        names={names}
        query={question.query}
      />
      {table.data.length > shownRows ? (
        <p class="quiet">{texts().more(shownRows, table.data.length)}</p>
      ) : null}
    </>
  );
};

function figureOf(row: UsageRow, metric: Metric): number {
  if (metric === 'cost') return row.cost_usd;
  return metric === 'requests' ? row.requests : (row.input_tokens ?? 0) + (row.output_tokens ?? 0);
}

/** Returns the groups with the highest sums, and the rest as one. */
function seriesOf(
  { by, metric }: Question,
  keys: readonly string[],
  rows: readonly GroupedRow[],
  names: ReadonlyMap<string, string>,
): Series[] {
  const groupOf = (row: GroupedRow) => (isTime(by) ? texts().total : (row.second_key ?? ''));
  const sums = new Map<string, number>();
  for (const row of rows) sums.set(groupOf(row), (sums.get(groupOf(row)) ?? 0) + figureOf(row, metric));
  const ordered = [...sums].sort(([, one], [, other]) => other - one).map(([group]) => group);
  const shown = ordered.slice(0, chartLimits.series);
  const columns = new Map(keys.map((key, index) => [key, index]));
  const values = new Map([...shown, ''].map((group) => [group, keys.map(() => 0)]));
  const others = keys.map(() => 0);
  for (const row of rows) {
    const column = columns.get(row.key);
    const into = shown.includes(groupOf(row)) ? values.get(groupOf(row)) : others;
    if (column !== undefined && into !== undefined)
      into[column] = (into[column] ?? 0) + figureOf(row, metric);
  }
  const label = (group: string) => (group === '' ? texts().unnamed : (names.get(group) ?? group));
  const series = shown.map((group) => ({ label: label(group), values: values.get(group) ?? [] }));
  return ordered.length > shown.length ? [...series, { label: texts().others, values: others }] : series;
}

const Filters: FC<{ context: PageContext; question: Question | null }> = ({ context, question }) => {
  const asked = (name: string) => context.req.query(name);
  const choices = groupingsFor(context).map((one) => [one, texts().groupings[one]] as const);
  return (
    <form method="get" class="filters usage">
      <Choice
        name="range"
        label={texts().range}
        value={question?.range.name ?? 'custom'}
        options={rangeNames.map((name) => [name, texts().ranges[name]] as const)}
      />
      <Field name="from" label={texts().from} type="date" value={asked('from')} />
      <Field name="to" label={texts().to} type="date" value={asked('to')} />
      <Choice name="by" label={texts().by} value={question?.by ?? 'model'} options={choices} />
      <Choice
        name="and"
        label={texts().and}
        value={question?.and ?? ''}
        options={[['', texts().nothingElse], ...choices]}
      />
      <Choice
        name="metric"
        label={texts().metric}
        value={question?.metric ?? 'cost'}
        options={metrics.map((one) => [one, texts().metrics[one]] as const)}
      />
      <Field name="token" label={messages().logs.token} value={asked('token')} />
      <Field name="model" label={messages().logs.model} value={asked('model')} />
      {context.var.principal.role === 'admin' ? (
        <Field name="account" label={texts().groupings.account} value={asked('account')} />
      ) : null}
      <button type="submit" class="secondary">
        {messages().form.filter}
      </button>
    </form>
  );
};
