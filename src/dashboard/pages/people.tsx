// Accounts and invitations, for admins.
import { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';
import { type DoneCode, redirectDone } from './done.tsx';
import { ActionButton, Alert, Choice, Field, OnceValue } from './form.tsx';
import { show } from './layout.tsx';
import { numberOrNull } from './model-choice.tsx';
import { formOf, need, needAll, type PageContext, type PageEnv, textOf, type Values } from './page-env.ts';
import { Badge, Heading, TableFrame, Time } from './parts.tsx';
import { addPersonRoutes } from './person.tsx';

const texts = () => messages().people;

interface Account {
  id: string;
  name: string;
  email: string | null;
  role: 'admin' | 'member';
  status: 'active' | 'disabled';
  last_login_at: string | null;
  budget: { usd: number; period: 'day' | 'week' | 'month' } | null;
}

interface Invite {
  id: string;
  name: string;
  role: 'admin' | 'member';
  expires_at: string;
}

/** The routes under /dashboard/people. */
export function peopleRoutes(): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.get('/', (context) => showPeople(context));
  routes.post('/invite', async (context) => {
    const values = await formOf(context);
    const body = { name: textOf(values, 'name'), role: textOf(values, 'role') };
    const made = await context.var.api<Invite & { secret: string }>('POST', '/invites', body);
    if (!made.ok)
      return showPeople(context, { problem: messages().form.notSaved, errors: made.errors, invite: values });
    const link = `${new URL(context.req.url).origin}/dashboard/invite?secret=${made.value.secret}`;
    return show(context, 'people', texts().inviteTitle, <InviteOnce name={made.value.name} link={link} />);
  });
  routes.post('/invites/:id/delete', async (context) => {
    await need(context.var.api('DELETE', `/invites/${encodeURIComponent(context.req.param('id'))}`));
    return redirectDone(context, '/dashboard/people', 'invitationRevoked');
  });
  addPersonRoutes(routes);
  routes.post('/:id', async (context) => {
    const values = await formOf(context);
    const given = ['status', 'role'].filter((name) => textOf(values, name) !== '');
    const edit = Object.fromEntries(given.map((name) => [name, textOf(values, name)]));
    const path = `/accounts/${encodeURIComponent(context.req.param('id'))}`;
    const edited = await context.var.api('PATCH', path, { ...edit, ...budgetOf(values) });
    if (!edited.ok) return showPeople(context, await refusedEdit(context, edited, values));
    return redirectDone(context, '/dashboard/people', codeOf(edit), context.req.param('id'));
  });
  return routes;
}

/** Returns the message for an edit. */
function codeOf({ status, role }: Record<string, string>): DoneCode {
  if (status !== undefined) return status === 'disabled' ? 'personDisabled' : 'personEnabled';
  if (role !== undefined) return role === 'admin' ? 'madeAdmin' : 'madeMember';
  return 'personSaved';
}

/** The budget's form always has both fields; empty or 0 removes the budget. */
function budgetOf(values: Values): Record<string, unknown> {
  if (values.budget_usd === undefined) return {};
  const usd = numberOrNull(values, 'budget_usd') || null;
  return { budget: usd && { usd, period: textOf(values, 'budget_period') } };
}

/** A refused form: the message, and what was typed. */
interface Refused {
  problem: string;
  errors?: Record<string, string>;
  /** For the invitation. */
  invite?: Values;
  /** For an account's row. */
  row?: { id: string; values: Values };
}

async function refusedEdit(
  context: PageContext,
  { detail, errors }: { detail: string; errors: Record<string, string> },
  values: Values,
): Promise<Refused> {
  const id = context.req.param('id') ?? '';
  const account = await context.var.services.accounts.find(id);
  return { problem: `${account?.name ?? id}: ${Object.values(errors)[0] ?? detail}`, row: { id, values } };
}

async function showPeople(context: PageContext, refused?: Refused) {
  const { api, principal } = context.var;
  const invite = refused?.invite ?? {};
  const [accounts, invites] = await Promise.all([
    needAll<Account>(api, '/accounts'),
    needAll<Invite>(api, '/invites'),
  ]);
  const content = (
    <>
      <Heading title={texts().title} lead={texts().lead} />
      {refused === undefined ? null : <Alert>{refused.problem}</Alert>}
      <AccountTable accounts={accounts} ownId={principal.accountId} typed={refused?.row} />
      <div class="columns">
        <article>
          <h2>{texts().invite}</h2>
          <p class="quiet">{texts().inviteLead}</p>
          <form method="post" action="/dashboard/people/invite">
            <Field
              name="name"
              label={texts().inviteName}
              value={textOf(invite, 'name')}
              error={refused?.errors?.name}
              required
            />
            <Choice
              name="role"
              label={texts().role}
              value={textOf(invite, 'role') || 'member'}
              error={refused?.errors?.role}
              options={[
                ['member', texts().member],
                ['admin', texts().admin],
              ]}
            />
            <button type="submit">{texts().invite}</button>
          </form>
        </article>
        <article>
          <h2>{texts().invites}</h2>
          {invites.length === 0 ? <p class="quiet">{texts().noInvites}</p> : <Invites invites={invites} />}
        </article>
      </div>
    </>
  );
  return show(context, 'people', texts().title, content, refused === undefined ? 200 : 400);
}

interface TableFacts {
  accounts: readonly Account[];
  ownId: string;
  /** What was typed in a row and refused. */
  typed: Refused['row'];
}

const AccountTable: FC<TableFacts> = ({ accounts, ownId, typed }) => (
  <TableFrame label={texts().title}>
    <table>
      <thead>
        <tr>
          <th scope="col">{texts().name}</th>
          <th scope="col">{texts().email}</th>
          <th scope="col">{texts().role}</th>
          <th scope="col">{texts().status}</th>
          <th scope="col">{texts().budget}</th>
          <th scope="col">{texts().lastLogin}</th>
          <th scope="col">{messages().tokens.edit}</th>
        </tr>
      </thead>
      <tbody>
        {accounts.map(({ id, name, email, role, status, last_login_at, budget }) => (
          <tr>
            <td class="wide">
              <a href={`/dashboard/tokens?account=${encodeURIComponent(id)}`}>{name}</a>
            </td>
            <td class="wide">{email ?? '–'}</td>
            <td>{texts()[role]}</td>
            <td>
              <Badge kind={status === 'active' ? 'good' : 'off'}>{messages().tokens[status]}</Badge>
            </td>
            <td>
              <BudgetForm id={id} name={name} budget={budget} typed={typed?.id === id ? typed.values : {}} />
            </td>
            <td>
              <Time at={last_login_at} />
            </td>
            <td>
              <span class="actions">
                <a href={`/dashboard/people/${encodeURIComponent(id)}`} class="button outline small">
                  {messages().tokens.edit}
                </a>
                {id === ownId || id === 'acc_admin' ? null : (
                  <AccountActions id={id} role={role} status={status} />
                )}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);

const BudgetForm: FC<Pick<Account, 'id' | 'name' | 'budget'> & { typed: Values }> = ({
  id,
  name,
  budget,
  typed,
}) => (
  <form method="post" action={`/dashboard/people/${id}`} class="in-row">
    <input
      type="number"
      name="budget_usd"
      min="0"
      step="any"
      value={typed.budget_usd === undefined ? (budget?.usd ?? '') : textOf(typed, 'budget_usd')}
      placeholder={texts().noBudget}
      aria-label={`${texts().budget}: ${name}`}
    />
    <select name="budget_period" aria-label={`${messages().tokens.period}: ${name}`}>
      {(['day', 'week', 'month'] as const).map((period) => (
        <option
          value={period}
          selected={period === (textOf(typed, 'budget_period') || (budget?.period ?? 'month'))}
        >
          {messages().tokens[period]}
        </option>
      ))}
    </select>
    <button type="submit" class="outline small">
      {messages().form.save}
    </button>
  </form>
);

const AccountActions: FC<Pick<Account, 'id' | 'role' | 'status'>> = ({ id, role, status }) => {
  const address = `/dashboard/people/${encodeURIComponent(id)}`;
  return (
    <>
      {status === 'active' ? (
        <a href={`${address}/disable`} class="button outline small">
          {texts().disable}
        </a>
      ) : (
        <ActionButton action={address} values={{ status: 'active' }}>
          {texts().enable}
        </ActionButton>
      )}
      <a href={`${address}/role`} class="button outline small">
        {role === 'admin' ? texts().makeMember : texts().makeAdmin}
      </a>
    </>
  );
};

const Invites: FC<{ invites: readonly Invite[] }> = ({ invites }) => (
  <ul>
    {invites.map(({ id, name, role, expires_at }) => (
      <li>
        {`${name} (${texts()[role]}), ${texts().expires} `}
        <Time at={expires_at} />{' '}
        <ActionButton action={`/dashboard/people/invites/${id}/delete`}>{texts().takeBack}</ActionButton>
      </li>
    ))}
  </ul>
);

const InviteOnce: FC<{ name: string; link: string }> = ({ name, link }) => (
  <>
    <Heading title={`${texts().inviteTitle}: ${name}`} lead={texts().inviteOnce}>
      <a href="/dashboard/people" class="button">
        {messages().errors.back}
      </a>
    </Heading>
    <OnceValue id="invite-link" label={texts().link} value={link} />
  </>
);
