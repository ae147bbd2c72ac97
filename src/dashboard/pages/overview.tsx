// The first page: spend, requests, tokens and errors of a range, from the roll-ups.
import { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import { usdFromNano } from '../../lib/money.ts';
import type { TokenSummary } from '../../tokens/store.ts';
import { accountInView } from '../api/roles.ts';
import { show } from './layout.tsx';
import { need, type PageContext, type PageEnv } from './page-env.ts';
import { Columns, count, dollars, Empty, Heading } from './parts.tsx';
import { strings } from './strings.ts';
import { timeColumns } from './time-columns.ts';
import { shownRows, type UsageRow, UsageTable } from './usage-table.tsx';

const words = () => strings().overview;
const hourMs = 3_600_000;
const ranges = {
  day: { hours: 24, by: 'hour' },
  week: { hours: 168, by: 'day' },
  month: { hours: 720, by: 'day' },
} as const;
type RangeName = keyof typeof ranges;

/** The route of `/`. */
export function overviewRoutes(): Hono<PageEnv> {
  return new Hono<PageEnv>().get('/', showOverview);
}

async function showOverview(context: PageContext) {
  const { api, services, principal } = context.var;
  const name = rangeName(context.req.query('range'));
  const { hours, by } = ranges[name];
  const from = new Date(Math.floor(services.now() / hourMs) * hourMs - (hours - 1) * hourMs).toISOString();
  const usage = (grouping: string) =>
    need(api<{ data: UsageRow[] }>('GET', `/usage?group_by=${grouping}&from=${from}`));
  const [overTime, byModel, byToken] = await Promise.all([usage(by), usage('model'), usage('token')]);
  const used = byToken.data.slice(0, shownRows).map(({ key }) => key);
  const tokens = await services.tokens.summaries(used, accountInView(principal, undefined));
  const names = new Map(tokens.map(({ id, name }) => [id, name]));
  const content = (
    <>
      <Heading title={words().title}>
        <Ranges chosen={name} />
      </Heading>
      <Attention tokens={tokens} />
      <Figures rows={overTime.data} />
      {overTime.data.length === 0 ? (
        <Empty>
          <p>{words().nothing}</p>
          <p>
            {words().address} <code>{`${new URL(context.req.url).origin}/v1`}</code>
          </p>
          <a href="/dashboard/tokens/new" class="button">
            {words().begin}
          </a>
        </Empty>
      ) : (
        <>
          <article>
            <h2>{words().overTime}</h2>
            <Columns
              label={words().overTime}
              columns={timeColumns(overTime.data, by, Date.parse(from), services.now())}
            />
          </article>
          <div class="columns">
            <UsageTable label={words().byModel} rows={byModel.data} nameOf={(key) => key} />
            <UsageTable label={words().byToken} rows={byToken.data} nameOf={(key) => names.get(key) ?? key} />
          </div>
        </>
      )}
    </>
  );
  return show(context, 'overview', `${words().title} · ${principal.name ?? ''}`, content);
}

function rangeName(asked: string | undefined): RangeName {
  return asked !== undefined && Object.hasOwn(ranges, asked) ? (asked as RangeName) : 'day';
}

const Ranges: FC<{ chosen: RangeName }> = ({ chosen }) => (
  <nav class="tabs" aria-label={words().title}>
    {(Object.keys(ranges) as RangeName[]).map((name) => (
      <a href={`/?range=${name}`} aria-current={name === chosen ? 'page' : undefined}>
        {words().ranges[name]}
      </a>
    ))}
  </nav>
);

const Figures: FC<{ rows: readonly UsageRow[] }> = ({ rows }) => {
  const sum = (value: (row: UsageRow) => number) => rows.reduce((total, row) => total + value(row), 0);
  const figures = [
    [words().spend, dollars(Number(sum(({ cost_usd }) => cost_usd).toFixed(9)))],
    [words().requests, count(sum(({ requests }) => requests))],
    [words().tokens, count(sum(({ input_tokens = 0, output_tokens = 0 }) => input_tokens + output_tokens))],
    [words().errors, count(sum(({ errors = 0 }) => errors))],
  ] as const;
  return (
    <div class="figures">
      {figures.map(([label, value]) => (
        <div>
          <dl>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </dl>
        </div>
      ))}
    </div>
  );
};

/** Tokens with a tenth of their quota left, or less. */
const Attention: FC<{ tokens: readonly TokenSummary[] }> = ({ tokens }) => {
  const near = tokens.filter(
    ({ quotaNanoUsd, spentNanoUsd, status }) =>
      status === 'active' && quotaNanoUsd !== null && spentNanoUsd >= quotaNanoUsd * 0.9,
  );
  if (near.length === 0) return null;
  return (
    <article>
      <h2>{words().attention}</h2>
      <ul>
        {near.map(({ id, name, spentNanoUsd, quotaNanoUsd }) => (
          <li>
            <a href={`/dashboard/tokens/${id}`}>{name}</a>
            {`: ${dollars(usdFromNano(spentNanoUsd))} ${strings().tokens.of} ${dollars(usdFromNano(quotaNanoUsd ?? 0))}`}
          </li>
        ))}
      </ul>
    </article>
  );
};
