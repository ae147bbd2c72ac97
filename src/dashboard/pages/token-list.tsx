// The list of tokens.
import type { FC } from 'hono/jsx';
import type { Token } from '../api/token-fields.ts';
import { Choice, Field } from './form.tsx';
import { Badge, Empty, Heading, Pager, SpendBar, TableFrame, Time } from './parts.tsx';
import { strings } from './strings.ts';

const words = () => strings().tokens;

interface ListFacts {
  page: { data: Token[]; next_cursor: string | null };
  url: string;
  now: number;
}

export const TokenList: FC<ListFacts> = ({ page, url, now }) => {
  const asked = new URL(url).searchParams;
  const isNarrowed = Boolean(asked.get('search') || asked.get('status') || asked.get('cursor'));
  return (
    <>
      <Heading title={words().title} lead={words().lead}>
        <a href="/dashboard/tokens/new" class="button">
          {words().add}
        </a>
      </Heading>
      {page.data.length === 0 && !isNarrowed ? (
        <Empty>
          <p>{words().empty}</p>
        </Empty>
      ) : (
        <>
          <form method="get" class="filters">
            <Field name="search" label={words().search} type="search" value={asked.get('search') ?? ''} />
            <Choice
              name="status"
              label={words().status}
              value={asked.get('status') ?? ''}
              options={[
                ['', strings().form.all],
                ['active', words().active],
                ['disabled', words().disabled],
              ]}
            />
            <button type="submit" class="secondary">
              {strings().form.filter}
            </button>
          </form>
          {page.data.length === 0 ? (
            <Empty>{words().noneFound}</Empty>
          ) : (
            <Table tokens={page.data} now={now} />
          )}
          <Pager url={url} next={page.next_cursor} />
        </>
      )}
    </>
  );
};

const Table: FC<{ tokens: readonly Token[]; now: number }> = ({ tokens, now }) => (
  <TableFrame label={words().title}>
    <table>
      <thead>
        <tr>
          <th scope="col">{words().name}</th>
          <th scope="col">{words().status}</th>
          <th scope="col">{words().hint}</th>
          <th scope="col">{words().models}</th>
          <th scope="col">{words().spent}</th>
          <th scope="col">{words().lastUsed}</th>
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => (
          <tr>
            <td>
              <a href={`/dashboard/tokens/${token.id}`}>{token.name}</a>
            </td>
            <td>
              <TokenState token={token} now={now} />
            </td>
            <td>
              <code>{token.hint}</code>
            </td>
            <td>{modelsText(token.models)}</td>
            <td>
              <SpendBar spent={token.spent_usd} quota={token.quota_usd} />
            </td>
            <td>
              <Time at={token.last_used_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);

/** The first thing that would refuse a request. */
export const TokenState: FC<{ token: Token; now: number }> = ({ token, now }) => {
  if (token.status === 'disabled') return <Badge kind="off">{words().disabled}</Badge>;
  if (token.expires_at !== null && Date.parse(token.expires_at) <= now)
    return <Badge kind="bad">{words().expired}</Badge>;
  if (token.remaining_usd === 0) return <Badge kind="warn">{words().used}</Badge>;
  return <Badge kind="good">{words().active}</Badge>;
};

function modelsText(models: readonly string[]): string {
  if (models.length === 0) return words().allModels;
  const more = models.length - 2;
  return models.slice(0, 2).join(', ') + (more > 0 ? ` +${more}` : '');
}
