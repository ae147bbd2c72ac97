// One token: what it may do, what it has spent, and what can be done to it.
import type { FC } from 'hono/jsx';
import type { LogRowView } from '../api/log-fields.ts';
import type { Token } from '../api/token-fields.ts';
import { strings } from '../i18n/messages.ts';
import { Chart } from './chart.tsx';
import { ActionButton, Choice, Field } from './form.tsx';
import { LogTable, type Names } from './log-table.tsx';
import { count, dollars, Empty, Heading, SpendBar, Time } from './parts.tsx';
import { editableToken, FurtherBounds, quotaInForce } from './token-bounds.tsx';
import { TokenState } from './token-list.tsx';
import { type UsageRow, UsageTable } from './usage-table.tsx';

const words = () => strings().tokens;

/** A token with the live figures of its ledger. */
export type TokenFigures = Token & {
  reserved_usd: number;
  open_requests: number;
  budget_spent_usd: number;
};

interface DetailFacts {
  token: TokenFigures;
  byDay: readonly UsageRow[];
  byModel: readonly UsageRow[];
  recent: LogRowView[];
  names: Names;
  now: number;
  /** The reader's account. */
  readerId: string;
  /** Whether the reader sees more tokens than their own. */
  isAdmin: boolean;
  /** One that was refused. */
  topUp?: TopUp | undefined;
}

/** What was typed, and what is wrong with it. */
export interface TopUp {
  amount: string;
  problem: string;
}

export const TokenDetails: FC<DetailFacts> = ({
  token,
  byDay,
  byModel,
  recent,
  names,
  now,
  topUp,
  readerId,
  isAdmin,
}) => {
  const address = `/dashboard/tokens/${token.id}`;
  const part = editableToken(token, readerId);
  const canSetStatus = part !== token || token.admin?.status !== 'disabled';
  return (
    <>
      <Heading title={token.name}>
        <a href={`/dashboard/playground?token=${token.id}`} class="button small">
          {words().tryIt}
        </a>
        <a href={`${address}/edit`} class="button outline small">
          {words().edit}
        </a>
        {canSetStatus ? (
          <ActionButton
            action={`${address}/status`}
            values={{ status: part.status === 'active' ? 'disabled' : 'active' }}
          >
            {part.status === 'active' ? words().disable : words().enable}
          </ActionButton>
        ) : null}
        <a href={`${address}/delete`} class="button outline danger small">
          {words().delete}
        </a>
      </Heading>
      <div class="columns">
        <article>
          <Facts token={token} now={now} isAdmin={isAdmin} />
          <FurtherBounds token={token} />
        </article>
        <article>
          <SpendBar spent={token.spent_usd} quota={quotaInForce(token)} />
          <p class="quiet">
            {`${count(token.open_requests)} ${words().running}`}
            {token.budget === null
              ? null
              : ` · ${dollars(token.budget_spent_usd)} ${words().of} ${dollars(token.budget.usd)} / ${words()[token.budget.period]}`}
          </p>
          <Changes token={part} address={address} topUp={topUp} />
        </article>
      </div>
      <article>
        <h2>{words().overTime}</h2>
        <Chart label={words().overTime} rows={byDay} by="day" fromMs={now - 29 * 86_400_000} toMs={now} />
      </article>
      <h2>{words().byModel}</h2>
      <UsageTable
        label={words().byModel}
        rows={byModel}
        hrefOf={(model) => `/dashboard/logs?token=${token.id}&model=${encodeURIComponent(model)}`}
      />
      <h2>{words().recent}</h2>
      {recent.length === 0 ? <Empty>{words().never}</Empty> : <LogTable rows={recent} names={names} />}
      <p>
        <a href={`/dashboard/logs?token=${token.id}`}>{strings().logs.title}</a>
      </p>
    </>
  );
};

const Facts: FC<{ token: Token; now: number; isAdmin: boolean }> = ({ token, now, isAdmin }) => (
  <dl class="facts">
    <dt>{words().status}</dt>
    <dd>
      <TokenState token={token} now={now} />
    </dd>
    <dt>{words().hint}</dt>
    <dd>
      <code>{token.hint}</code>
    </dd>
    {isAdmin ? (
      <>
        <dt>{words().owner}</dt>
        <dd>
          <a href={`/dashboard/tokens?account=${encodeURIComponent(token.account_id)}`}>{token.account_id}</a>
        </dd>
      </>
    ) : null}
    <dt>{words().models}</dt>
    <dd>{token.models.join(', ') || words().allModels}</dd>
    <dt>{words().group}</dt>
    <dd>{token.group}</dd>
    <dt>{words().lastUsed}</dt>
    <dd>
      <Time at={token.last_used_at} />
    </dd>
    <dt>{words().expires}</dt>
    <dd>
      <Time at={token.expires_at} />
    </dd>
    {token.allowed_ips.length === 0 ? null : (
      <>
        <dt>{words().ips}</dt>
        <dd>{token.allowed_ips.join(', ')}</dd>
      </>
    )}
    {Object.entries(token.limits).map(([name, value]) => (
      <>
        <dt>{words()[name as 'rpm']}</dt>
        <dd>{count(Number(value))}</dd>
      </>
    ))}
  </dl>
);

const Changes: FC<{ token: Token; address: string; topUp: TopUp | undefined }> = ({
  token,
  address,
  topUp,
}) => (
  <>
    {token.quota_usd === null && topUp === undefined ? null : (
      <form method="post" action={`${address}/top-up`} class="filters">
        <Field
          name="amount"
          label={words().topUpAmount}
          type="number"
          min="0"
          step="any"
          value={topUp?.amount}
          error={topUp?.problem}
          required
        />
        <button type="submit" class="secondary">
          {words().topUp}
        </button>
      </form>
    )}
    <form method="post" action={`${address}/rotate`} class="filters">
      <Choice
        name="overlap_seconds"
        label={words().overlap}
        value="0"
        options={Object.entries(words().overlaps)}
      />
      <button type="submit" class="secondary">
        {words().rotate}
      </button>
    </form>
    <small>{words().rotateHelp}</small>
  </>
);
