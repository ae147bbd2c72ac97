// One account, for admins: the limits of all its tokens, and its deletion.
import type { Hono } from 'hono';
import { adminAccountId } from '../accounts/account.ts';
import { messages } from '../i18n/messages.ts';
import { Confirm } from './confirm.tsx';
import { redirectDone } from './done.tsx';
import { changedOnly, ShownWith } from './edit-form.tsx';
import { Alert, Choice, Field } from './form.tsx';
import { show } from './layout.tsx';
import { ModelChoice, modelsChosen } from './model-choice.tsx';
import {
  formOf,
  need,
  needAll,
  type PageContext,
  type PageEnv,
  servedModels,
  textOf,
  type Values,
} from './page-env.ts';
import { Heading } from './parts.tsx';

const texts = () => messages().people;
const listAddress = '/dashboard/people';

interface Person {
  id: string;
  name: string;
  email: string | null;
  role: 'admin' | 'member';
  group: string | null;
  models: string[];
  expires_at: string | null;
}

/** Adds the routes of one account under /dashboard/people. */
export function addPersonRoutes(routes: Hono<PageEnv>): void {
  routes.get('/:id', async (context) => {
    const person = await find(context);
    return showPerson(context, person, valuesOf(person), {});
  });
  routes.post('/:id/bounds', async (context) => {
    const values = await formOf(context);
    const person = await find(context);
    const { expires_at, ...body } = changedOnly(values, bodyOf);
    // The form has days only: a time of day that the API set stays while its day stays.
    const isSameDay = expires_at === undefined || expires_at === (person.expires_at?.slice(0, 10) ?? null);
    const edit = isSameDay ? body : { ...body, expires_at };
    const edited = await context.var.api('PATCH', pathOf(context), edit);
    if (edited.ok) return redirectDone(context, listAddress, 'personSaved');
    return showPerson(context, person, values, edited.errors, edited.detail);
  });
  routes.get('/:id/disable', async (context) => showDisable(context, await find(context)));
  routes.get('/:id/role', async (context) => showRole(context, await find(context)));
  routes.get('/:id/delete', async (context) => showDelete(context, await find(context)));
  routes.post('/:id/delete', async (context) => {
    const deleted = await context.var.api('DELETE', pathOf(context));
    if (deleted.ok) return redirectDone(context, listAddress, 'personDeleted');
    if (deleted.status === 404) await need(Promise.resolve(deleted));
    return showDelete(context, await find(context), deleted);
  });
}

/** The admin's own account, and ADMIN_KEY's. */
function isKept(context: PageContext, { id }: Person): boolean {
  return id === context.var.principal.accountId || id === adminAccountId;
}

function showDelete(context: PageContext, person: Person, refused?: { status: number; detail: string }) {
  const address = addressOf(person);
  const content = (
    <Confirm
      title={texts().deleteTitle}
      facts={factsOf(person)}
      warning={texts().deleteWarning}
      action={`${address}/delete`}
      submit={texts().deleteConfirm}
      back={address}
      problem={refused?.detail}
    />
  );
  return show(context, 'people', texts().deleteTitle, content, refused?.status ?? 200);
}

function showDisable(context: PageContext, person: Person) {
  const content = (
    <Confirm
      title={texts().disableTitle}
      facts={factsOf(person)}
      warning={texts().disableWarning}
      action={addressOf(person)}
      values={{ status: 'disabled' }}
      submit={texts().disableConfirm}
      back={listAddress}
    />
  );
  return show(context, 'people', texts().disableTitle, content);
}

/** Asks before a member becomes an admin, or an admin a member. */
function showRole(context: PageContext, person: Person) {
  const to = person.role === 'admin' ? 'member' : 'admin';
  const question = texts().roles[to];
  const content = (
    <Confirm
      title={question.title}
      facts={factsOf(person)}
      warning={question.warning}
      action={addressOf(person)}
      values={{ role: to }}
      submit={question.confirm}
      back={listAddress}
    />
  );
  return show(context, 'people', question.title, content);
}

function factsOf({ name, email }: Person) {
  return [
    [texts().name, name],
    [texts().email, email ?? '–'],
  ] as const;
}

function addressOf({ id }: Person): string {
  return `${listAddress}/${encodeURIComponent(id)}`;
}

async function showPerson(
  context: PageContext,
  person: Person,
  values: Values,
  errors: Record<string, string>,
  detail?: string,
) {
  const { api, services } = context.var;
  const [models, groups] = await Promise.all([
    servedModels(services),
    needAll<{ name: string }>(api, '/groups'),
  ]);
  const content = (
    <div class="narrow">
      <Heading title={person.name} lead={texts().boundsLead}>
        {isKept(context, person) ? null : (
          <a
            href={`${listAddress}/${encodeURIComponent(person.id)}/delete`}
            class="button outline danger small"
          >
            {texts().delete}
          </a>
        )}
      </Heading>
      {detail === undefined ? null : (
        <Alert>{Object.keys(errors).length > 0 ? messages().form.notSaved : detail}</Alert>
      )}
      <form method="post" action={`${listAddress}/${encodeURIComponent(person.id)}/bounds`}>
        <ShownWith values={values} record={valuesOf(person)} />
        <Choice
          name="group"
          label={messages().tokens.group}
          help={texts().groupHelp}
          value={textOf(values, 'group')}
          error={errors.group}
          options={[['', texts().ownGroups], ...groups.map(({ name }) => [name, name] as const)]}
        />
        <ModelChoice models={models} values={values} errors={errors} />
        <Field
          name="expires_at"
          label={messages().tokens.expires}
          help={messages().tokens.expiresHelp}
          type="date"
          value={textOf(values, 'expires_at')}
          error={errors.expires_at}
        />
        <div class="actions">
          <button type="submit">{messages().form.submit}</button>
          <a href={listAddress}>{messages().form.cancel}</a>
        </div>
      </form>
    </div>
  );
  return show(context, 'people', person.name, content, detail === undefined ? 200 : 400);
}

/** Includes every field: an emptied one is removed. */
function bodyOf(values: Values): Record<string, unknown> {
  return {
    group: textOf(values, 'group') || null,
    models: modelsChosen(values),
    expires_at: textOf(values, 'expires_at') || null,
  };
}

function valuesOf({ group, models, expires_at }: Person): Values {
  return { group: group ?? '', models, expires_at: expires_at?.slice(0, 10) ?? '' };
}

function find(context: PageContext): Promise<Person> {
  return need(context.var.api<Person>('GET', pathOf(context)));
}

function pathOf(context: PageContext): string {
  return `/accounts/${encodeURIComponent(context.req.param('id') ?? '')}`;
}
