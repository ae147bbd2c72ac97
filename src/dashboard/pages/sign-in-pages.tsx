// What those see who are not logged in.
import type { FC } from 'hono/jsx';
import { strings } from '../i18n/messages.ts';
import { Alert, Field } from './form.tsx';
import { textOf, type Values } from './page-env.ts';
import type { Missing } from './setup-checks.ts';

export interface LoginFacts {
  email?: string;
  error?: string;
  keyError?: string;
}

/** Ways in besides the password and the admin key. */
export interface OtherWays {
  passkeys: boolean;
  github: boolean;
  access: boolean;
}

export const LoginPage: FC<LoginFacts & { ways: OtherWays }> = ({ email, error, keyError, ways }) => (
  <>
    <h1>{strings().product}</h1>
    <article>
      <h2>{strings().login.title}</h2>
      {error === undefined ? null : <Alert>{error}</Alert>}
      <form method="post" action="/dashboard/login">
        <Field
          name="email"
          label={strings().login.email}
          type="email"
          autocomplete="username"
          value={email}
          required
        />
        <Field
          name="password"
          label={strings().login.password}
          type="password"
          autocomplete="current-password"
          required
        />
        <button type="submit">{strings().login.submit}</button>
      </form>
      <OtherWaysIn {...ways} />
    </article>
    <details open={keyError !== undefined}>
      <summary>{strings().login.withKey}</summary>
      <form method="post" action="/dashboard/login/key">
        <Field
          name="admin_key"
          label={strings().login.adminKey}
          type="password"
          autocomplete="off"
          help={strings().login.withKeyHelp}
          error={keyError}
          required
        />
        <button type="submit" class="secondary">
          {strings().login.withKey}
        </button>
      </form>
    </details>
  </>
);

const OtherWaysIn: FC<OtherWays> = ({ passkeys, github, access }) => (
  <div class="ways">
    {passkeys ? (
      <form data-passkey="login" hidden>
        <p role="alert" class="alert error" hidden></p>
        <button type="submit" class="outline">
          {strings().login.withPasskey}
        </button>
      </form>
    ) : null}
    {github ? (
      <a href="/dashboard/login/github" class="button outline">
        {strings().login.withGithub}
      </a>
    ) : null}
    {access ? (
      <a href="/dashboard/login" class="button outline">
        {strings().login.withAccess}
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
      label={strings().setup.name}
      value={textOf(values, 'name')}
      error={errors.name}
      autocomplete="name"
      required
    />
    <Field
      name="email"
      label={strings().login.email}
      type="email"
      value={textOf(values, 'email')}
      error={errors.email}
      autocomplete="username"
      required
    />
    <Field
      name="password"
      label={strings().login.password}
      type="password"
      help={strings().setup.passwordHelp}
      error={errors.password}
      autocomplete="new-password"
      required
    />
  </>
);

interface SetupFacts extends PersonFacts {
  missing: readonly Missing[];
  origin: string;
}

export const SetupPage: FC<SetupFacts> = ({ missing, origin, values, errors = {} }) => (
  <>
    <h1>{strings().product}</h1>
    {missing.length > 0 ? (
      <article>
        <h2>{strings().setup.missing}</h2>
        <ul>
          {missing.map(({ what, commands }) => (
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
        <p>{strings().setup.missingAdvice}</p>
      </article>
    ) : (
      <article>
        <h2>{strings().setup.title}</h2>
        <p class="quiet">{strings().setup.lead}</p>
        <form method="post" action="/dashboard/setup">
          <Field
            name="admin_key"
            label={strings().login.adminKey}
            type="password"
            help={strings().setup.adminKeyHelp}
            error={errors.admin_key}
            autocomplete="off"
            required
          />
          <PersonFields {...(values && { values })} errors={errors} />
          <button type="submit">{strings().setup.submit}</button>
        </form>
      </article>
    )}
    <p class="quiet">
      {strings().overview.address} <code>{`${origin}/v1`}</code>
    </p>
  </>
);

export interface InviteFacts extends PersonFacts {
  secret: string;
  github: boolean;
}

export const InvitePage: FC<InviteFacts> = ({ secret, github, values, errors }) => (
  <>
    <h1>{strings().product}</h1>
    <article>
      <h2>{strings().invite.title}</h2>
      <p class="quiet">{strings().invite.lead}</p>
      <form method="post" action="/dashboard/invite">
        <input type="hidden" name="secret" value={secret} />
        <PersonFields {...(values && { values })} {...(errors && { errors })} />
        <button type="submit">{strings().invite.submit}</button>
      </form>
      {github ? (
        <div class="ways">
          <a href={`/dashboard/login/github?secret=${encodeURIComponent(secret)}`} class="button outline">
            {strings().invite.withGithub}
          </a>
        </div>
      ) : null}
    </article>
  </>
);
