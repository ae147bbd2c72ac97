// Which values of a token a page shows and edits: the owner's, an administrator's, and the account's.
import type { FC } from 'hono/jsx';
import type { Token } from '../api/token-fields.ts';
import { messages } from '../i18n/messages.ts';
import { count, dollars, Time } from './parts.tsx';

const texts = () => messages().tokens;

/** Returns whether a reader edits the administrators' values: on any token of somebody else. */
export function editsAdminPart(token: Pick<Token, 'account_id'>, readerId: string): boolean {
  return token.account_id !== readerId;
}

/** Returns the token with the values that this reader edits. */
export function editableToken<T extends Token>(token: T, readerId: string): T {
  if (!editsAdminPart(token, readerId)) return token;
  const none = { status: 'active', quota_usd: null, budget: null, models: [], allowed_ips: [] } as const;
  return { ...token, ...none, expires_at: null, limits: {}, ...token.admin };
}

/** Returns the lower of both quotas, or null. */
export function quotaInForce({ quota_usd, admin }: Token): number | null {
  const set = [quota_usd, admin?.quota_usd ?? null].filter((quota) => quota !== null);
  return set.length === 0 ? null : Math.min(...set);
}

/** Returns the budgets, the owner's and an administrator's, each with its period. */
export function budgetTexts({ budget, admin }: Token): string[] {
  return [budget, admin?.budget ?? null].flatMap((one) =>
    one === null ? [] : [`${texts().budgetOf} ${dollars(one.usd)} / ${texts()[one.period]}`],
  );
}

/** Returns the first expiry that is set, or null. */
export function endInForce({ expires_at, admin, account }: Token): string | null {
  const ends = [expires_at, admin?.expires_at, account?.expires_at].filter((end) => end != null);
  return ends.toSorted()[0] ?? null;
}

/** Returns what others have set, which its owner cannot change. */
export const FurtherBounds: FC<{ token: Token }> = ({ token: { admin, account } }) => (
  <>
    {admin === null ? null : (
      <>
        <h2>{texts().byAdmin}</h2>
        <dl class="facts">
          {admin.status === 'disabled' ? <Fact label={texts().status}>{texts().disabled}</Fact> : null}
          {admin.quota_usd === null ? null : <Fact label={texts().quota}>{dollars(admin.quota_usd)}</Fact>}
          {admin.budget === null ? null : (
            <Fact
              label={texts().budget}
            >{`${dollars(admin.budget.usd)} / ${texts()[admin.budget.period]}`}</Fact>
          )}
          <ListFact label={texts().models} names={admin.models} />
          <ListFact label={texts().ips} names={admin.allowed_ips} />
          <EndFact at={admin.expires_at} />
          {Object.entries(admin.limits).map(([name, value]) => (
            <Fact label={texts()[name as 'rpm']}>{count(Number(value))}</Fact>
          ))}
        </dl>
      </>
    )}
    {account === null ? null : (
      <>
        <h2>{texts().byAccount}</h2>
        <dl class="facts">
          {account.group === null ? null : <Fact label={texts().group}>{account.group}</Fact>}
          <ListFact label={texts().models} names={account.models} />
          <EndFact at={account.expires_at} />
        </dl>
      </>
    )}
  </>
);

const Fact: FC<{ label: string; children?: unknown }> = ({ label, children }) => (
  <>
    <dt>{label}</dt>
    <dd>{children as string}</dd>
  </>
);

const ListFact: FC<{ label: string; names: readonly string[] }> = ({ label, names }) =>
  names.length === 0 ? null : <Fact label={label}>{names.join(', ')}</Fact>;

const EndFact: FC<{ at: string | null }> = ({ at }) =>
  at === null ? null : (
    <Fact label={texts().expires}>
      <Time at={at} />
    </Fact>
  );
