// The pages for people who are not signed in.
import type { FC } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';
import { Alert, Field } from './form.tsx';
import { textOf, type Values } from './page-env.ts';
import type { SetupProblem } from './setup-checks.ts';

export interface LoginFacts {
  email?: string;
  error?: string;
  keyError?: string;
}

/** Login methods besides the password and the admin key. */
export interface OtherMethods {
  passkeys: boolean;
  github: boolean;
  access: boolean;
}

export const LoginPage: FC<LoginFacts & { ways: OtherMethods }> = ({ email, error, keyError, ways }) => (
  <>
    <h1>{messages().product}</h1>
    <article>
      <h2>{messages().login.title}</h2>
      {error === undefined ? null : <Alert>{error}</Alert>}
      <form method="post" action="/dashboard/login">
        <Field
          name="email"
          label={messages().login.email}
          type="email"
          autocomplete="username"
          value={email}
          required
        />
        <Field
          name="password"
          label={messages().login.password}
          type="password"
          autocomplete="current-password"
          required
        />
        <button type="submit">{messages().login.submit}</button>
      </form>
      <OtherLoginMethods {...ways} />
    </article>
    <details open={keyError !== undefined}>
      <summary>{messages().login.withKey}</summary>
      <form method="post" action="/dashboard/login/key">
        <Field
          name="admin_key"
          label={messages().login.adminKey}
          type="password"
          autocomplete="off"
          help={messages().login.withKeyHelp}
          error={keyError}
          required
        />
        <button type="submit" class="secondary">
          {messages().login.withKey}
        </button>
      </form>
    </details>
  </>
);

const OtherLoginMethods: FC<OtherMethods> = ({ passkeys, github, access }) => (
  <div class="ways">
    {passkeys ? (
      <form data-passkey="login" hidden>
        <p role="alert" class="alert error" hidden></p>
        <button type="submit" class="outline">
          {messages().login.withPasskey}
        </button>
      </form>
    ) : null}
    {github ? (
      <a href="/dashboard/login/github" class="button outline">
        {messages().login.withGithub}
      </a>
    ) : null}
    {access ? (
      <a href="/dashboard/login" class="button outline">
        {messages().login.withAccess}
      </a>
    ) : null}
    {passkeys ? <script src="/passkeys.js" type="module"></script> : null}
  </div>
);

interface PersonFacts {
  values?: Values;
  errors?: Record<string, string>;
}

const PersonFields: FC<PersonFacts> = ({ values = {}, errors = {} }) => (
  <>
    <Field
      name="name"
      label={messages().setup.name}
      value={textOf(values, 'name')}
      error={errors.name}
      autocomplete="name"
      required
    />
    <Field
      name="email"
      label={messages().login.email}
      type="email"
      value={textOf(values, 'email')}
      error={errors.email}
      autocomplete="username"
      required
    />
    <Field
      name="password"
      label={messages().login.password}
      type="password"
      help={messages().setup.passwordHelp}
      error={errors.password}
      autocomplete="new-password"
      required
    />
  </>
);

interface SetupFacts extends PersonFacts {
  problems: readonly SetupProblem[];
  origin: string;
}

export const SetupPage: FC<SetupFacts> = ({ problems, origin, values, errors = {} }) => (
  <>
    <h1>{messages().product}</h1>
    {problems.length > 0 ? (
      <article>
        <h2>{messages().setup.missing}</h2>
        <ul>
          {problems.map(({ what, commands }) => (
            <li>
              {what}
              {commands.length > 0 ? (
                <pre>
                  <code>{commands.join('\n')}</code>
                </pre>
              ) : null}
            </li>
          ))}
        </ul>
        <p>{messages().setup.missingAdvice}</p>
      </article>
    ) : (
      <article>
        <h2>{messages().setup.title}</h2>
        <p class="quiet">{messages().setup.lead}</p>
        <form method="post" action="/dashboard/setup">
          <Field
            name="admin_key"
            label={messages().login.adminKey}
            type="password"
            help={messages().setup.adminKeyHelp}
            error={errors.admin_key}
            autocomplete="off"
            required
          />
          <PersonFields {...(values && { values })} errors={errors} />
          <button type="submit">{messages().setup.submit}</button>
        </form>
      </article>
    )}
    <p class="quiet">
      {messages().overview.address} <code>{`${origin}/v1`}</code>
    </p>
  </>
);

export interface InviteFacts extends PersonFacts {
  secret: string;
  github: boolean;
}

export const InvitePage: FC<InviteFacts> = ({ secret, github, values, errors }) => (
  <>
    <h1>{messages().product}</h1>
    <article>
      <h2>{messages().invite.title}</h2>
      <p class="quiet">{messages().invite.lead}</p>
      <form method="post" action="/dashboard/invite">
        <input type="hidden" name="secret" value={secret} />
        <PersonFields {...(values && { values })} {...(errors && { errors })} />
        <button type="submit">{messages().invite.submit}</button>
      </form>
      {github ? (
        <div class="ways">
          <a href={`/dashboard/login/github?secret=${encodeURIComponent(secret)}`} class="button outline">
            {messages().invite.withGithub}
          </a>
        </div>
      ) : null}
    </article>
  </>
);
