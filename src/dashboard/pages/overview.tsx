// The first page: spend, requests, tokens, errors, and time to first byte of a range, from the roll-ups, and
// alerts.
import { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import { accountInView } from '../api/roles.ts';
import { messages } from '../i18n/messages.ts';
import { accountsNearBudget } from './alert-store.ts';
import { AlertList, alertsOf } from './alerts.tsx';
import { Chart } from './chart.tsx';
import { FirstSteps } from './first-steps.tsx';
import { show } from './layout.tsx';
import { need, type PageContext, type PageEnv } from './page-env.ts';
import { count, dollars, Empty, Heading, milliseconds, percent } from './parts.tsx';
import { shownRows, type UsageRow, UsageTable } from './usage-table.tsx';

const texts = () => messages().overview;
const hourMs = 3_600_000;
const ranges = {
  day: { hours: 24, by: 'hour' },
  week: { hours: 168, by: 'day' },
  month: { hours: 720, by: 'day' },
} as const;
type RangeName = keyof typeof ranges;

/** The most used models, tokens, and channels. */
interface Top {
  models: UsageRow[];
  tokens: UsageRow[];
  channels: UsageRow[];
}

/** The route of `/`. */
export function overviewRoutes(): Hono<PageEnv> {
  return new Hono<PageEnv>().get('/', showOverview);
}

async function showOverview(context: PageContext) {
  const { api, services, principal } = context.var;
  const name = rangeName(context.req.query('range'));
  const { hours, by } = ranges[name];
  const fromMs = Math.floor(services.now() / hourMs) * hourMs - (hours - 1) * hourMs;
  const from = new Date(fromMs).toISOString();
  const accountId = accountInView(principal, undefined);
  const [overTime, top, accounts] = await Promise.all([
    need(api<{ data: UsageRow[] }>('GET', `/usage?group_by=${by}&from=${from}`)),
    need(api<Top>('GET', `/usage/top?from=${from}&limit=200`)),
    accountsNearBudget(services.db, accountId, services.now()),
  ]);
  const used = top.tokens.slice(0, shownRows).map(({ key }) => key);
  const tokens = await services.tokens.summaries(used, accountId);
  const alerts = await alertsOf(context, { tokens, accounts, models: top.models });
  const content = (
    <>
      <Heading title={texts().title}>
        <Ranges chosen={name} />
      </Heading>
      <AlertList alerts={alerts} />
      <Figures rows={overTime.data} />
      {overTime.data.length === 0 ? (
        <Nothing origin={new URL(context.req.url).origin} isAdmin={principal.role === 'admin'} />
      ) : (
        <>
          <article>
            <h2>{texts().overTime}</h2>
            <Chart
              label={texts().overTime}
              rows={overTime.data}
              by={by}
              fromMs={fromMs}
              toMs={services.now()}
            />
          </article>
          <Tables top={top} names={await namesOf(context, tokens)} isAdmin={principal.role === 'admin'} />
        </>
      )}
    </>
  );
  return show(context, 'overview', `${texts().title} · ${principal.name ?? ''}`, content);
}

/** Names of tokens and channels, by id. */
async function namesOf(
  { var: { services } }: PageContext,
  tokens: readonly { id: string; name: string }[],
): Promise<Map<string, string>> {
  return new Map([...tokens, ...(await services.liveChannels())].map(({ id, name }) => [id, name]));
}

function rangeName(asked: string | undefined): RangeName {
  return asked !== undefined && Object.hasOwn(ranges, asked) ? (asked as RangeName) : 'day';
}

const Ranges: FC<{ chosen: RangeName }> = ({ chosen }) => (
  <nav class="tabs" aria-label={texts().title}>
    {(Object.keys(ranges) as RangeName[]).map((name) => (
      <a href={`/?range=${name}`} aria-current={name === chosen ? 'page' : undefined}>
        {texts().ranges[name]}
      </a>
    ))}
  </nav>
);

const Nothing: FC<{ origin: string; isAdmin: boolean }> = ({ origin, isAdmin }) => (
  <>
    <FirstSteps progress={null} isAdmin={isAdmin} />
    <Empty>
      <p>{texts().nothing}</p>
      <p>
        {texts().address} <code>{`${origin}/v1`}</code>
      </p>
      <a href="/dashboard/tokens/new" class="button">
        {texts().begin}
      </a>
    </Empty>
  </>
);

const Figures: FC<{ rows: readonly UsageRow[] }> = ({ rows }) => {
  const sum = (value: (row: UsageRow) => number) => rows.reduce((total, row) => total + value(row), 0);
  const [requests, errors] = [sum((row) => row.requests), sum((row) => row.errors ?? 0)];
  const timed = sum((row) => row.ttfb_requests ?? 0);
  const waited = sum((row) => (row.ttfb_ms ?? 0) * (row.ttfb_requests ?? 0));
  const figures = [
    [texts().spend, dollars(Number(sum(({ cost_usd }) => cost_usd).toFixed(9)))],
    [texts().requests, count(requests)],
    [texts().tokens, count(sum(({ input_tokens = 0, output_tokens = 0 }) => input_tokens + output_tokens))],
    [texts().errors, requests === 0 ? count(errors) : `${count(errors)} (${percent(errors, requests)})`],
    [texts().firstByte, milliseconds(timed === 0 ? null : waited / timed)],
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

const Tables: FC<{ top: Top; names: Map<string, string>; isAdmin: boolean }> = ({ top, names, isAdmin }) => {
  const nameOf = (key: string) => names.get(key) ?? key;
  return (
    <>
      <UsageTable
        label={texts().byModel}
        rows={top.models}
        hrefOf={(model) => `/dashboard/logs?model=${encodeURIComponent(model)}`}
      />
      <UsageTable
        label={texts().byToken}
        rows={top.tokens}
        nameOf={nameOf}
        hrefOf={(id) => `/dashboard/tokens/${id}`}
      />
      {isAdmin ? (
        <UsageTable
          label={texts().byChannel}
          rows={top.channels}
          nameOf={nameOf}
          hrefOf={(id) => `/dashboard/logs?channel=${encodeURIComponent(id)}`}
          none={messages().logs.noAttempts.replace(/[.。]$/, '')}
        />
      ) : null}
    </>
  );
};
