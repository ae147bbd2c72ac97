// The list of tokens.
import type { FC } from 'hono/jsx';
import type { Token } from '../api/token-fields.ts';
import { messages } from '../i18n/messages.ts';
import { Choice, Field } from './form.tsx';
import { Badge, Day, Empty, Heading, Pager, SpendBar, TableFrame, Time } from './parts.tsx';
import { budgetTexts, endInForce, quotaInForce } from './token-bounds.tsx';
import { BulkActions, bulkFormId } from './token-bulk.tsx';

const texts = () => messages().tokens;

interface ListFacts {
  page: { data: Token[]; next_cursor: string | null; total: number };
  /** Names of accounts, for readers who see more than their own. */
  owners: ReadonlyMap<string, string>;
  url: string;
  now: number;
}

export const TokenList: FC<ListFacts> = ({ page, owners, url, now }) => {
  const asked = new URL(url).searchParams;
  const isNarrowed = Boolean(
    asked.get('search') || asked.get('status') || asked.get('account') || asked.get('cursor'),
  );
  return (
    <>
      <Heading title={texts().title} lead={texts().lead}>
        <a href="/dashboard/tokens/new" class="button">
          {texts().add}
        </a>
      </Heading>
      {page.data.length === 0 && !isNarrowed ? (
        <Empty>
          <p>{texts().empty}</p>
        </Empty>
      ) : (
        <>
          <form method="post" action="/dashboard/tokens/search" class="filters">
            <Field
              name="search"
              label={texts().search}
              type="search"
              value={asked.get('search') ?? ''}
              autocomplete="off"
            />
            <Choice
              name="status"
              label={texts().status}
              value={asked.get('status') ?? ''}
              options={[
                ['', messages().form.all],
                ['active', texts().active],
                ['disabled', texts().disabled],
              ]}
            />
            {owners.size < 2 ? null : (
              <Choice
                name="account"
                label={texts().owner}
                value={asked.get('account') ?? ''}
                options={[['', messages().form.all], ...owners]}
              />
            )}
            {(['sort', 'order'] as const).map((name) =>
              asked.has(name) ? <input type="hidden" name={name} value={asked.get(name) ?? ''} /> : null,
            )}
            <button type="submit" class="secondary">
              {messages().form.filter}
            </button>
          </form>
          {page.data.length === 0 ? (
            <Empty>{texts().noneFound}</Empty>
          ) : (
            <>
              <p class="quiet">{texts().total(page.total)}</p>
              <Table tokens={page.data} owners={owners} url={url} now={now} />
              <BulkActions />
            </>
          )}
          <Pager url={url} next={page.next_cursor} />
        </>
      )}
    </>
  );
};

const Table: FC<Pick<ListFacts, 'owners' | 'url' | 'now'> & { tokens: readonly Token[] }> = ({
  tokens,
  owners,
  url,
  now,
}) => (
  <TableFrame label={texts().title}>
    <table>
      <thead>
        <tr>
          <th scope="col">
            <span class="for-readers">{texts().choose}</span>
            <input type="checkbox" data-check-all hidden aria-label={texts().chooseAll} />
          </th>
          <SortHeading url={url} by="name" label={texts().name} />
          <th scope="col">{texts().status}</th>
          <th scope="col">{texts().models}</th>
          <SortHeading url={url} by="spent" label={texts().spent} />
          <SortHeading url={url} by="last_used" label={texts().lastUsed} />
          <SortHeading url={url} by="created" label={texts().createdAt} />
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => (
          <tr>
            <td>
              <input
                type="checkbox"
                name="token"
                value={token.id}
                form={bulkFormId}
                aria-label={`${texts().choose}: ${token.name}`}
              />
            </td>
            <td class="name">
              <a href={`/dashboard/tokens/${token.id}`}>{token.name}</a>
              <small>{ownedHint(token, owners)}</small>
            </td>
            <td>
              <TokenState token={token} now={now} />
            </td>
            <td class="wide">{modelsText(token.models)}</td>
            <td>
              <SpendBar spent={token.spent_usd} quota={quotaInForce(token)} budgets={budgetTexts(token)} />
            </td>
            <td>
              <Time at={token.last_used_at} to="minute" />
            </td>
            <td>
              <Day at={token.created_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);

/** Names sort from A, everything else from the highest; the current heading reverses the order. */
const SortHeading: FC<{ url: string; by: string; label: string }> = ({ url, by, label }) => {
  const there = new URL(url);
  const sorted = there.searchParams.get('sort') ?? 'created';
  const order = there.searchParams.get('order') ?? 'desc';
  const first = by === 'name' ? 'asc' : 'desc';
  const next = sorted === by ? (order === 'asc' ? 'desc' : 'asc') : first;
  there.searchParams.set('sort', by);
  there.searchParams.set('order', next);
  for (const name of ['cursor', 'back']) there.searchParams.delete(name);
  const isSorted = sorted === by;
  return (
    <th scope="col" aria-sort={isSorted ? (order === 'asc' ? 'ascending' : 'descending') : undefined}>
      <a href={there.pathname + there.search}>{label}</a>
      {isSorted ? <span aria-hidden="true">{order === 'asc' ? ' ↑' : ' ↓'}</span> : null}
    </th>
  );
};

/** Returns the first condition that would refuse a request. */
export const TokenState: FC<{ token: Token; now: number }> = ({ token, now }) => {
  if (token.status === 'disabled') return <Badge kind="off">{texts().disabled}</Badge>;
  const end = endInForce(token);
  if (end !== null && Date.parse(end) <= now) return <Badge kind="bad">{texts().expired}</Badge>;
  if (token.remaining_usd === 0) return <Badge kind="warn">{texts().used}</Badge>;
  return <Badge kind="good">{texts().active}</Badge>;
};

/** Returns the owner, where there are several accounts. */
function ownedHint({ hint, account_id }: Token, owners: ReadonlyMap<string, string>): string {
  return owners.size < 2 ? hint : `${hint} · ${owners.get(account_id) ?? account_id}`;
}

function modelsText(models: readonly string[]): string {
  if (models.length === 0) return texts().allModels;
  const more = models.length - 2;
  return models.slice(0, 2).join(', ') + (more > 0 ? ` +${more}` : '');
}
