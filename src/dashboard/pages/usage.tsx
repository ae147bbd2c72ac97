// The page of usage: a chosen range, up to two groupings, a chart over time, a table with totals, and links to the log.
import { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import { accountInView } from '../api/roles.ts';
import { messages } from '../i18n/messages.ts';
import { Alert, Choice, Field } from './form.tsx';
import { show } from './layout.tsx';
import type { PageContext, PageEnv } from './page-env.ts';
import { Empty, Heading } from './parts.tsx';
import { StackedChart } from './usage-chart.tsx';
import {
  answers,
  type Data,
  groupingsFor,
  metrics,
  type Question,
  questionOf,
  seriesOf,
  tableQuery,
} from './usage-data.ts';
import { columnKeys, rangeNames } from './usage-range.ts';
import { type Grouping, UsageTotals } from './usage-totals.tsx';

const texts = () => messages().usage;

/** Rows of the table; the CSV file has all. */
const shownRows = 100;

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

/** Returns the names of the tokens, accounts, and channels of the table, by id. */
async function namesOf(
  { var: { services, principal } }: PageContext,
  { by, and }: Question,
  { data }: Data['table'],
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
  results: Data;
  names: ReadonlyMap<string, string>;
}> = ({ question, results, names }) => {
  const { table } = results;
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
          series={seriesOf(question, keys, results, names)}
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
        tagKey={question.tagKey}
      />
      {table.examined_from === null ? null : (
        <p class="quiet">{texts().examined(table.examined_from.slice(0, 16).replace('T', ' '))}</p>
      )}
      {table.data.length > shownRows ? (
        <p class="quiet">{texts().more(shownRows, table.data.length)}</p>
      ) : null}
    </>
  );
};

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
      <Field name="tag" label={texts().tagKey} placeholder="project" value={asked('tag')} />
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
