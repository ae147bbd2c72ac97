// Actions on several tokens of the list: the page that asks first, and the changes one by one.
import type { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import type { Token } from '../api/token-fields.ts';
import { messages } from '../i18n/messages.ts';
import { Confirm } from './confirm.tsx';
import { type DoneCode, redirectDone } from './done.tsx';
import { show } from './layout.tsx';
import { formOf, type PageContext, type PageEnv, PageProblem, textOf, type Values } from './page-env.ts';

const texts = () => messages().tokens;
const listAddress = '/dashboard/tokens';

/** The id of the form that the list's check boxes belong to. */
export const bulkFormId = 'chosen-tokens';

/** Limits of an action on several tokens. */
export const bulkLimits = {
  /** Tokens of one action: a page of the list. */
  tokens: 50,
} as const;

const actions = ['disable', 'enable', 'delete'] as const;
type Action = (typeof actions)[number];
const codes: Record<Action, DoneCode> = {
  disable: 'tokensDisabled',
  enable: 'tokensEnabled',
  delete: 'tokensDeleted',
};

/** Adds the routes under /dashboard/tokens. */
export function addBulkRoutes(routes: Hono<PageEnv>): void {
  routes.post('/chosen', async (context) => {
    const { ids, action } = chosenIn(await formOf(context));
    const tokens = await Promise.all(ids.map((id) => context.var.api<Token>('GET', `/tokens/${id}`)));
    const names = tokens.flatMap((token) => (token.ok ? [token.value.name] : []));
    if (names.length === 0) throw new PageProblem(400, texts().noneChosen);
    const question = texts().bulk[action];
    const content = (
      <Confirm
        title={question.title(names.length)}
        facts={[[texts().title, names.join(', ')]]}
        warning={question.warning}
        action={`${listAddress}/chosen/confirmed`}
        values={{ action, token: ids }}
        submit={question.confirm}
        back={listAddress}
        isHarmless={action === 'enable'}
      />
    );
    return show(context, 'tokens', question.title(names.length), content);
  });
  routes.post('/chosen/confirmed', async (context) => {
    const { ids, action } = chosenIn(await formOf(context));
    for (const id of ids) await change(context, id, action);
    return redirectDone(context, listAddress, codes[action]);
  });
}

/** A token that somebody else has deleted meanwhile is no problem. Throws the error page for others. */
async function change({ var: { api } }: PageContext, id: string, action: Action): Promise<void> {
  const changed =
    action === 'delete'
      ? await api('DELETE', `/tokens/${id}`)
      : await api('PATCH', `/tokens/${id}`, { status: action === 'disable' ? 'disabled' : 'active' });
  if (!changed.ok && changed.status !== 404) throw new PageProblem(changed.status, changed.detail);
}

function chosenIn(values: Values): { ids: string[]; action: Action } {
  const action = actions.find((name) => name === textOf(values, 'action'));
  const ids = [values.token ?? []].flat().filter((id) => /^tok_\w+$/.test(id));
  if (action === undefined || ids.length === 0) throw new PageProblem(400, texts().noneChosen);
  if (ids.length > bulkLimits.tokens) throw new PageProblem(400, texts().tooMany(bulkLimits.tokens));
  return { ids, action };
}

/** The buttons below the list. */
export const BulkActions: FC = () => (
  <form id={bulkFormId} method="post" action={`${listAddress}/chosen`} class="actions bulk">
    <span class="quiet">{texts().chosen}</span>
    {actions.map((action) => (
      <button
        type="submit"
        name="action"
        value={action}
        class={action === 'delete' ? 'outline danger small' : 'outline small'}
      >
        {texts()[action]}
      </button>
    ))}
  </form>
);
