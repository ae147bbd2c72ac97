// The table of usage: sums by one or two groupings, most expensive first, with a line of totals.
import type { FC } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';
import { count, milliseconds, moneyFormat, percent, TableFrame } from './parts.tsx';
import type { UsageRow } from './usage-table.tsx';

const texts = () => messages().usage;

/** What usage is grouped by; those of admins are about accounts that a member does not see. */
export const groupings = [
  'model',
  'requested_model',
  'token',
  'tag',
  'end_user',
  'session',
  'day',
  'month',
] as const;
export const adminGroupings = ['account', 'group', 'channel'] as const;
export type Grouping = (typeof groupings)[number] | (typeof adminGroupings)[number];

export interface GroupedRow extends UsageRow {
  second_key: string | null;
}

interface TotalsFacts {
  rows: readonly GroupedRow[];
  total: GroupedRow;
  by: Grouping;
  and: Grouping | null;
  /** Of tokens, accounts, and channels, by id. */
  names: ReadonlyMap<string, string>;
  /** The range and the filters, as /api/usage takes them. */
  query: URLSearchParams;
  /** Which tag's values the grouping `tag` has. */
  tagKey: string;
}

export const UsageTotals: FC<TotalsFacts> = ({ rows, total, by, and, names, query, tagKey }) => {
  const money = moneyFormat([...rows.map(({ cost_usd }) => cost_usd), total.cost_usd]);
  return (
    <TableFrame label={texts().title}>
      <table class="totals">
        <thead>
          <tr>
            <th scope="col">{texts().groupings[by]}</th>
            {and === null ? null : <th scope="col">{texts().groupings[and]}</th>}
            {[
              texts().metrics.cost,
              texts().share,
              texts().metrics.requests,
              messages().overview.errors,
              messages().logs.input,
              messages().logs.output,
              messages().overview.firstByte,
            ].map((name) => (
              <th scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              <td class="name">
                <KeyLink grouping={by} value={row.key} names={names} query={query} tagKey={tagKey} />
              </td>
              {and === null ? null : (
                <td class="name">
                  <KeyLink
                    grouping={and}
                    value={row.second_key ?? ''}
                    names={names}
                    query={query}
                    tagKey={tagKey}
                  />
                </td>
              )}
              <Figures row={row} total={total} money={money} />
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row" colspan={and === null ? 1 : 2}>
              {texts().total}
            </th>
            <Figures row={total} total={total} money={money} />
          </tr>
        </tfoot>
      </table>
    </TableFrame>
  );
};

const Figures: FC<{ row: GroupedRow; total: GroupedRow; money: (usd: number) => string }> = ({
  row,
  total,
  money,
}) => (
  <>
    <td class="number">{money(row.cost_usd)}</td>
    <td class="number">{percent(row.cost_usd, total.cost_usd)}</td>
    <td class="number">{count(row.requests)}</td>
    <td class="number">{count(row.errors ?? 0)}</td>
    <td class="number">{count(row.input_tokens ?? 0)}</td>
    <td class="number">{count(row.output_tokens ?? 0)}</td>
    <td class="number">{milliseconds(row.ttfb_ms ?? null)}</td>
  </>
);

/** The filter of the log for a grouping. The log has no filter by group or by the model that answered. */
const logFilters: Partial<Record<Grouping, string>> = {
  requested_model: 'model',
  model: 'model',
  token: 'token',
  account: 'account',
  channel: 'channel',
  end_user: 'end_user',
  session: 'session',
  tag: 'tag',
};

const KeyLink: FC<{
  grouping: Grouping;
  value: string;
  names: ReadonlyMap<string, string>;
  query: URLSearchParams;
  tagKey: string;
}> = ({ grouping, value, names, query, tagKey }) => {
  if (value === '') return <>{texts().unnamed}</>;
  const filter = logFilters[grouping];
  const name = names.get(value) ?? value;
  if (filter === undefined) return <>{name}</>;
  const there = new URLSearchParams({ [filter]: grouping === 'tag' ? `${tagKey}=${value}` : value });
  for (const other of ['token', 'model', 'account', 'channel'])
    if (other !== filter && query.has(other)) there.set(other, query.get(other) ?? '');
  const [from = '', to = ''] = [query.get('from')?.slice(0, 10), lastDay(query.get('to') ?? '')];
  there.set('from', from);
  there.set('to', to);
  return <a href={`/dashboard/logs?${there}`}>{name}</a>;
};

/** Returns the last day before a time that is not included. */
function lastDay(to: string): string {
  return new Date(Date.parse(to) - 1).toISOString().slice(0, 10);
}
