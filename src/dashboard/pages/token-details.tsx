// One token: what it may do, what it has spent, and its actions.
import type { FC } from 'hono/jsx';
import type { LogRowView } from '../api/log-fields.ts';
import type { Token } from '../api/token-fields.ts';
import { messages } from '../i18n/messages.ts';
import { Chart } from './chart.tsx';
import { ActionButton, Field } from './form.tsx';
import { LogTable, type Names } from './log-table.tsx';
import { count, dollars, Empty, Heading, SpendBar, Time } from './parts.tsx';
import { budgetTexts, editableToken, FurtherBounds, quotaInForce } from './token-bounds.tsx';
import { TokenState } from './token-list.tsx';
import { type UsageRow, UsageTable } from './usage-table.tsx';

const texts = () => messages().tokens;

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
  /** Whether the reader sees tokens of others. */
  isAdmin: boolean;
  /** A refused form. */
  topUp?: TopUp | undefined;
}

/** The typed values, and what is wrong with them. */
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
          {texts().tryIt}
        </a>
        <a href={`${address}/edit`} class="button outline small">
          {texts().edit}
        </a>
        {canSetStatus ? (
          <ActionButton
            action={`${address}/status`}
            values={{ status: part.status === 'active' ? 'disabled' : 'active' }}
          >
            {part.status === 'active' ? texts().disable : texts().enable}
          </ActionButton>
        ) : null}
        <a href={`${address}/rotate`} class="button outline small">
          {texts().rotate}
        </a>
        <a href={`${address}/delete`} class="button outline danger small">
          {texts().delete}
        </a>
      </Heading>
      <div class="columns">
        <article>
          <Facts token={token} now={now} isAdmin={isAdmin} names={names} />
          <FurtherBounds token={token} />
        </article>
        <article>
          <SpendBar spent={token.spent_usd} quota={quotaInForce(token)} budgets={budgetTexts(token)} />
          <p class="quiet">
            {`${count(token.open_requests)} ${texts().running}`}
            {token.budget === null
              ? null
              : ` · ${dollars(token.budget_spent_usd)} ${texts().of} ${dollars(token.budget.usd)} / ${texts()[token.budget.period]}`}
          </p>
          <Changes token={part} address={address} topUp={topUp} />
        </article>
      </div>
      <article>
        <h2>{texts().overTime}</h2>
        <Chart label={texts().overTime} rows={byDay} by="day" fromMs={now - 29 * 86_400_000} toMs={now} />
      </article>
      <h2>{texts().byModel}</h2>
      <UsageTable
        label={texts().byModel}
        rows={byModel}
        hrefOf={(model) => `/dashboard/logs?token=${token.id}&model=${encodeURIComponent(model)}`}
      />
      <h2>{texts().recent}</h2>
      {recent.length === 0 ? <Empty>{texts().never}</Empty> : <LogTable rows={recent} names={names} />}
      <p>
        <a href={`/dashboard/logs?token=${token.id}`}>{messages().logs.title}</a>
      </p>
    </>
  );
};

const Facts: FC<{ token: Token; now: number; isAdmin: boolean; names: Names }> = ({
  token,
  now,
  isAdmin,
  names,
}) => (
  <dl class="facts">
    <dt>{texts().status}</dt>
    <dd>
      <TokenState token={token} now={now} />
    </dd>
    <dt>{texts().hint}</dt>
    <dd>
      <code>{token.hint}</code>
    </dd>
    {isAdmin ? (
      <>
        <dt>{texts().owner}</dt>
        <dd>
          <a href={`/dashboard/tokens?account=${encodeURIComponent(token.account_id)}`}>
            {names.get(token.account_id) ?? token.account_id}
          </a>
        </dd>
      </>
    ) : null}
    <dt>{texts().models}</dt>
    <dd>{token.models.join(', ') || texts().allModels}</dd>
    <dt>{texts().group}</dt>
    <dd>{token.group}</dd>
    <dt>{texts().lastUsed}</dt>
    <dd>
      <Time at={token.last_used_at} />
    </dd>
    <dt>{texts().expires}</dt>
    <dd>
      <Time at={token.expires_at} />
    </dd>
    {token.allowed_ips.length === 0 ? null : (
      <>
        <dt>{texts().ips}</dt>
        <dd>{token.allowed_ips.join(', ')}</dd>
      </>
    )}
    {token.tags.length === 0 ? null : (
      <>
        <dt>{texts().tags}</dt>
        <dd>{token.tags.join(', ')}</dd>
      </>
    )}
    {token.note === '' ? null : (
      <>
        <dt>{texts().note}</dt>
        <dd>{token.note}</dd>
      </>
    )}
    {Object.entries(token.limits).map(([name, value]) => (
      <>
        <dt>{texts()[name as 'rpm']}</dt>
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
          label={texts().topUpAmount}
          type="number"
          min="0"
          step="any"
          value={topUp?.amount}
          error={topUp?.problem}
          required
        />
        <button type="submit" class="secondary">
          {texts().topUp}
        </button>
      </form>
    )}
  </>
);
