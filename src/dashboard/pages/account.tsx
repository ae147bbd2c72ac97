// The reader's own account: sessions, access keys, and login methods (login-methods.tsx).
import { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import { usdFromNano } from '../../lib/money.ts';
import { messages } from '../i18n/messages.ts';
import { type AccountNearBudget, budgetOf } from './alert-store.ts';
import { redirectDone } from './done.tsx';
import { ActionButton, Alert, Field, OnceValue } from './form.tsx';
import { show } from './layout.tsx';
import { Github, Passkeys, type Ways } from './login-methods.tsx';
import { formOf, need, type PageContext, type PageEnv, textOf, type Values } from './page-env.ts';
import { Badge, Heading, SpendBar, TableFrame, Time } from './parts.tsx';

const texts = () => messages().account;

interface Session {
  id: string;
  user_agent: string;
  current: boolean;
  created_at: string;
}

interface AccessKey {
  id: string;
  name: string;
  hint: string;
  created_at: string;
}

interface Outcome {
  errors?: Record<string, string>;
  /** The submitted values. */
  values?: Values;
  changed?: boolean;
}

/** The routes under /dashboard/account. */
export function accountRoutes(): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.get('/', (context) => showAccount(context, {}));
  routes.post('/sessions/:id/end', async (context) => {
    await need(context.var.api('DELETE', `/sessions/${encodeURIComponent(context.req.param('id'))}`));
    return redirectDone(context, '/dashboard/account', 'sessionEnded');
  });
  routes.post('/keys', async (context) => {
    const name = textOf(await formOf(context), 'name');
    const made = await context.var.api<{ key: string }>('POST', '/access-keys', { name });
    if (!made.ok) return showAccount(context, { errors: made.errors, values: { name } });
    return show(context, 'account', texts().keyTitle, <KeyOnce value={made.value.key} />);
  });
  routes.post('/keys/:id/delete', async (context) => {
    await need(context.var.api('DELETE', `/access-keys/${encodeURIComponent(context.req.param('id'))}`));
    return redirectDone(context, '/dashboard/account', 'accessKeyDeleted');
  });
  routes.post('/passkeys/:id/delete', async (context) => {
    await need(context.var.api('DELETE', `/passkeys/${encodeURIComponent(context.req.param('id'))}`));
    return redirectDone(context, '/dashboard/account', 'passkeyRemoved');
  });
  routes.post('/identities/:provider/unlink', async (context) => {
    const provider = encodeURIComponent(context.req.param('provider'));
    await need(context.var.api('DELETE', `/identities/${provider}`));
    return redirectDone(context, '/dashboard/account', 'identityUnlinked');
  });
  routes.post('/password', async (context) => {
    const values = await formOf(context);
    const body = {
      current_password: textOf(values, 'current_password'),
      password: textOf(values, 'password'),
      ...(values.email !== undefined && { email: textOf(values, 'email') }),
    };
    const changed = await context.var.api('POST', '/password', body);
    return showAccount(context, changed.ok ? { changed: true } : { errors: changed.errors, values });
  });
  return routes;
}

async function showAccount(context: PageContext, outcome: Outcome) {
  const { api, principal, services } = context.var;
  const [sessions, keys, ways, budget] = await Promise.all([
    need(api<{ data: Session[] }>('GET', '/sessions')),
    need(api<{ data: AccessKey[] }>('GET', '/access-keys')),
    need(api<Ways>('GET', '/login-methods')),
    budgetOf(services.db, principal.accountId, services.now()),
  ]);
  const { signIn, encryptionKey } = services;
  const content = (
    <>
      <Heading title={texts().title} lead={principal.name ?? ''} />
      {budget === null ? null : <Budget budget={budget} />}
      <h2>{texts().sessions}</h2>
      <p class="quiet">{texts().sessionsLead}</p>
      <Sessions sessions={sessions.data} />
      <div class="columns">
        <article>
          <h2>{texts().keys}</h2>
          <p class="quiet">{texts().keysLead}</p>
          {keys.data.length === 0 ? <p class="quiet">{texts().noKeys}</p> : <Keys keys={keys.data} />}
          <form method="post" action="/dashboard/account/keys">
            <Field
              name="name"
              label={texts().keyName}
              value={textOf(outcome.values ?? {}, 'name')}
              error={outcome.errors?.name}
              required
            />
            <button type="submit">{texts().makeKey}</button>
          </form>
        </article>
        <article>
          <h2>{ways.password ? texts().password : texts().setPassword}</h2>
          {outcome.changed ? <Alert kind="good">{texts().changed}</Alert> : null}
          <PasswordForm
            errors={outcome.errors ?? {}}
            isFirst={!ways.password}
            needsEmail={ways.email === null}
            email={textOf(outcome.values ?? {}, 'email')}
          />
        </article>
        {encryptionKey === null ? null : <Passkeys passkeys={ways.passkeys} />}
        {signIn.github === null && ways.identities.length === 0 ? null : (
          <Github identities={ways.identities} canLink={signIn.github !== null && encryptionKey !== null} />
        )}
      </div>
    </>
  );
  return show(context, 'account', texts().title, content, outcome.errors === undefined ? 200 : 400);
}

/** The limits that an admin has set for all tokens of this account. */
const Budget: FC<{ budget: AccountNearBudget }> = ({ budget }) => (
  <article>
    <h2>{texts().budget}</h2>
    <p class="quiet">{texts().budgetLead[budget.period]}</p>
    <SpendBar spent={usdFromNano(budget.spentNanoUsd)} quota={usdFromNano(budget.budgetNanoUsd)} />
  </article>
);

const Sessions: FC<{ sessions: readonly Session[] }> = ({ sessions }) => (
  <TableFrame label={texts().sessions}>
    <table>
      <thead>
        <tr>
          <th scope="col">{texts().browser}</th>
          <th scope="col">{texts().started}</th>
          <th scope="col">{texts().end}</th>
        </tr>
      </thead>
      <tbody>
        {sessions.map(({ id, user_agent, current, created_at }) => (
          <tr>
            <td class="wide">{user_agent || '–'}</td>
            <td>
              <Time at={created_at} />
            </td>
            <td>
              {current ? (
                <Badge kind="good">{texts().current}</Badge>
              ) : (
                <ActionButton action={`/dashboard/account/sessions/${id}/end`}>{texts().end}</ActionButton>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);

const Keys: FC<{ keys: readonly AccessKey[] }> = ({ keys }) => (
  <ul>
    {keys.map(({ id, name, hint }) => (
      <li>
        {`${name} `}
        <code>{hint}</code>{' '}
        <ActionButton action={`/dashboard/account/keys/${id}/delete`}>{texts().deleteKey}</ActionButton>
      </li>
    ))}
  </ul>
);

interface PasswordFacts {
  errors: Record<string, string>;
  isFirst: boolean;
  needsEmail: boolean;
  /** The submitted value. */
  email: string;
}

const PasswordForm: FC<PasswordFacts> = ({ errors, isFirst, needsEmail, email }) => (
  <form method="post" action="/dashboard/account/password">
    {needsEmail ? (
      <Field
        name="email"
        label={messages().login.email}
        type="email"
        autocomplete="username"
        value={email}
        error={errors.email}
        required
      />
    ) : null}
    {isFirst ? null : (
      <Field
        name="current_password"
        label={texts().currentPassword}
        type="password"
        autocomplete="current-password"
        error={errors.current_password}
        required
      />
    )}
    <Field
      name="password"
      label={texts().newPassword}
      type="password"
      autocomplete="new-password"
      help={messages().setup.passwordHelp}
      error={errors.password}
      required
    />
    <button type="submit">{isFirst ? texts().setPassword : texts().change}</button>
  </form>
);

const KeyOnce: FC<{ value: string }> = ({ value }) => (
  <>
    <Heading title={texts().keyTitle} lead={messages().tokens.once}>
      <a href="/dashboard/account" class="button">
        {messages().tokens.done}
      </a>
    </Heading>
    <OnceValue id="key-value" label={texts().keyValue} value={value} />
  </>
);
