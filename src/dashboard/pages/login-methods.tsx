// On the account page: passkeys, and the linked GitHub user. Script creates a passkey (public/passkeys.js): the
// browser verifies the person.
import type { FC } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';
import { ActionButton, Field } from './form.tsx';
import { Time } from './parts.tsx';

/** The answer of /api/login-methods. */
export interface Ways {
  email: string | null;
  password: boolean;
  passkeys: readonly { id: string; name: string; created_at: string; last_used_at: string | null }[];
  identities: readonly { provider: string; label: string }[];
}

const texts = () => messages().account;

export const Passkeys: FC<Pick<Ways, 'passkeys'>> = ({ passkeys }) => (
  <article>
    <h2>{texts().passkeys}</h2>
    <p class="quiet">{texts().passkeysLead}</p>
    {passkeys.length === 0 ? <p class="quiet">{texts().noPasskeys}</p> : <PasskeyList passkeys={passkeys} />}
    <form data-passkey="add" hidden>
      <p role="alert" class="alert error" data-known={texts().passkeyKnown} hidden></p>
      <Field name="passkey_name" label={texts().passkeyName} help={texts().passkeyNameHelp} required />
      <button type="submit">{texts().addPasskey}</button>
    </form>
    <script src="/passkeys.js" type="module"></script>
  </article>
);

const PasskeyList: FC<Pick<Ways, 'passkeys'>> = ({ passkeys }) => (
  <ul>
    {passkeys.map(({ id, name, last_used_at }) => (
      <li>
        {`${name} · ${texts().lastUsed}: `}
        {last_used_at === null ? texts().never : <Time at={last_used_at} />}{' '}
        <ActionButton action={`/dashboard/account/passkeys/${encodeURIComponent(id)}/delete`}>
          {texts().deleteKey}
        </ActionButton>
      </li>
    ))}
  </ul>
);

export const Github: FC<Pick<Ways, 'identities'> & { canLink: boolean }> = ({ identities, canLink }) => (
  <article>
    <h2>{texts().github}</h2>
    <p class="quiet">{texts().githubLead}</p>
    <ul>
      {identities.map(({ provider, label }) => (
        <li>
          {`${label} `}
          <ActionButton action={`/dashboard/account/identities/${provider}/unlink`}>
            {texts().unlink}
          </ActionButton>
        </li>
      ))}
    </ul>
    {canLink && identities.length === 0 ? (
      <a href="/dashboard/login/github?link=1" class="button outline">
        {texts().linkGithub}
      </a>
    ) : null}
  </article>
);
