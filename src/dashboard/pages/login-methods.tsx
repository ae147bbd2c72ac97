// On the account's page: its passkeys, and who it is at GitHub. A passkey is made by script (public/passkeys.js): the
// browser asks for the finger.
import type { FC } from 'hono/jsx';
import { strings } from '../i18n/messages.ts';
import { ActionButton, Field } from './form.tsx';
import { Time } from './parts.tsx';

/** As /api/ways-in answers. */
export interface Ways {
  email: string | null;
  password: boolean;
  passkeys: readonly { id: string; name: string; created_at: string; last_used_at: string | null }[];
  identities: readonly { provider: string; label: string }[];
}

const words = () => strings().account;

export const Passkeys: FC<Pick<Ways, 'passkeys'>> = ({ passkeys }) => (
  <article>
    <h2>{words().passkeys}</h2>
    <p class="quiet">{words().passkeysLead}</p>
    {passkeys.length === 0 ? <p class="quiet">{words().noPasskeys}</p> : <PasskeyList passkeys={passkeys} />}
    <form data-passkey="add" hidden>
      <p role="alert" class="alert error" data-known={words().passkeyKnown} hidden></p>
      <Field name="passkey_name" label={words().passkeyName} help={words().passkeyNameHelp} required />
      <button type="submit">{words().addPasskey}</button>
    </form>
    <script src="/passkeys.js" type="module"></script>
  </article>
);

const PasskeyList: FC<Pick<Ways, 'passkeys'>> = ({ passkeys }) => (
  <ul>
    {passkeys.map(({ id, name, last_used_at }) => (
      <li>
        {`${name} · ${words().lastUsed}: `}
        {last_used_at === null ? words().never : <Time at={last_used_at} />}{' '}
        <ActionButton action={`/dashboard/account/passkeys/${encodeURIComponent(id)}/delete`}>
          {words().deleteKey}
        </ActionButton>
      </li>
    ))}
  </ul>
);

export const Github: FC<Pick<Ways, 'identities'> & { canLink: boolean }> = ({ identities, canLink }) => (
  <article>
    <h2>{words().github}</h2>
    <p class="quiet">{words().githubLead}</p>
    <ul>
      {identities.map(({ provider, label }) => (
        <li>
          {`${label} `}
          <ActionButton action={`/dashboard/account/identities/${provider}/unlink`}>
            {words().unlink}
          </ActionButton>
        </li>
      ))}
    </ul>
    {canLink && identities.length === 0 ? (
      <a href="/dashboard/login/github?link=1" class="button outline">
        {words().linkGithub}
      </a>
    ) : null}
  </article>
);
