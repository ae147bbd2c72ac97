// The routes of tokens: list, add, one token, and its actions.
import { Hono } from 'hono';
import { hintOfSecret, isWellFormedSecret } from '../../tokens/secret.ts';
import type { LogRowView } from '../api/log-fields.ts';
import type { Token } from '../api/token-fields.ts';
import { messages } from '../i18n/messages.ts';
import { redirectDone } from './done.tsx';
import { changedOnly } from './edit-form.tsx';
import { show } from './layout.tsx';
import {
  formOf,
  need,
  needAll,
  type PageContext,
  type PageEnv,
  PageProblem,
  servedModels,
  textOf,
  type Values,
} from './page-env.ts';
import { editableToken, editsAdminPart } from './token-bounds.tsx';
import { addBulkRoutes } from './token-bulk.tsx';
import {
  addConfirmedRoutes,
  findToken,
  showSecret,
  tokenAddress,
  tokenPath,
  type WithSecret,
} from './token-confirmed.tsx';
import { TokenDetails, type TokenFigures, type TopUp } from './token-details.tsx';
import { TokenForm, tokenBody, valuesOfToken } from './token-form.tsx';
import { TokenList } from './token-list.tsx';
import type { UsageRow } from './usage-table.tsx';

const texts = () => messages().tokens;
const listAddress = '/dashboard/tokens';
interface Page<Row> {
  data: Row[];
  next_cursor: string | null;
}

/** What the list can be narrowed and sorted by. */
const listFields = ['search', 'status', 'account', 'sort', 'order'] as const;

/** The routes under /dashboard/tokens. */
export function tokenRoutes(): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.get('/', listTokens);
  routes.get('/new', async (context) => showForm(context, null, {}, {}));
  routes.post('/new', createToken);
  routes.post('/search', searchTokens);
  addBulkRoutes(routes);
  routes.get('/:id', (context) => showToken(context));
  routes.get('/:id/edit', async (context) => {
    const token = await findEditable(context);
    return showForm(context, token, valuesOfToken(token), {});
  });
  routes.post('/:id/edit', editToken);
  addConfirmedRoutes(routes);
  addActions(routes);
  return routes;
}

function addActions(routes: Hono<PageEnv>): void {
  routes.post('/:id/status', async (context) => {
    const status = textOf(await formOf(context), 'status');
    await need(context.var.api('PATCH', tokenPath(context), { status }));
    const code = status === 'disabled' ? 'tokenDisabled' : 'tokenEnabled';
    return redirectDone(context, tokenAddress(context), code, context.req.param('id'));
  });
  routes.post('/:id/top-up', async (context) => {
    const amount = textOf(await formOf(context), 'amount');
    const { quota_usd } = await findEditable(context);
    const wrong = (problem: string) => showToken(context, { amount, problem });
    if (quota_usd === null) return wrong(texts().topUpUnlimited);
    if (!(Number(amount) > 0 && Number.isFinite(Number(amount)))) return wrong(texts().topUpWrong);
    const raised = Number((quota_usd + Number(amount)).toFixed(9));
    const edited = await context.var.api('PATCH', tokenPath(context), { quota_usd: raised });
    if (!edited.ok) return wrong(edited.errors.quota_usd ?? edited.detail);
    return redirectDone(context, tokenAddress(context), 'tokenToppedUp');
  });
}

async function listTokens(context: PageContext) {
  const url = new URL(context.req.url);
  const asked = new URLSearchParams({ total: '1' });
  for (const name of [...listFields, 'cursor']) {
    const value = url.searchParams.get(name);
    if (value) asked.set(name, value);
  }
  const { api, services, principal } = context.var;
  const [page, accounts] = await Promise.all([
    need(api<Page<Token> & { total: number }>('GET', `/tokens?${asked}`)),
    principal.role === 'admin' ? services.accounts.list() : [],
  ]);
  const owners = new Map(accounts.map(({ id, name }) => [id, name]));
  const list = <TokenList page={page} owners={owners} url={context.req.url} now={services.now()} />;
  return show(context, 'tokens', texts().title, list);
}

/**
 * Sends a search on to the list. A whole secret opens its token: it is sent in the body, so that no address and no log
 * has it.
 */
async function searchTokens(context: PageContext) {
  const values = await formOf(context);
  const secret = textOf(values, 'search').trim();
  const query = new URLSearchParams();
  for (const name of listFields) if (textOf(values, name) !== '') query.set(name, textOf(values, name));
  if (isWellFormedSecret(secret)) {
    const found = await context.var.api<Token>('POST', '/tokens/lookup', { secret });
    if (found.ok) return context.redirect(`${listAddress}/${found.value.id}`, 303);
    if (found.status !== 404) throw new PageProblem(found.status, found.detail);
    query.set('search', hintOfSecret(secret));
  }
  return context.redirect(`${listAddress}?${query}`, 303);
}

async function createToken(context: PageContext) {
  const values = await formOf(context);
  const made = await context.var.api<WithSecret>('POST', '/tokens', tokenBody(values));
  if (!made.ok) return showForm(context, null, values, made.errors, made.detail);
  return showSecret(context, texts().created, made.value);
}

async function editToken(context: PageContext) {
  const values = await formOf(context);
  const { expires_at, ...body } = changedOnly(values, tokenBody);
  const before = await findEditable(context);
  // The form has days only: a time of day that was set elsewhere stays while its day stays.
  const isSameDay = expires_at === undefined || expires_at === (before.expires_at?.slice(0, 10) ?? null);
  const edit = isSameDay ? body : { ...body, expires_at };
  const edited = await context.var.api('PATCH', tokenPath(context), edit);
  if (edited.ok) return redirectDone(context, tokenAddress(context), 'tokenSaved');
  if (edited.status !== 400) await need(Promise.resolve(edited));
  return showForm(context, before, values, edited.errors, edited.detail);
}

async function showToken(context: PageContext, topUp?: TopUp) {
  const { api, services } = context.var;
  const id = context.req.param('id') ?? '';
  const from = new Date(services.now() - 29 * 86_400_000).toISOString().slice(0, 10);
  const usage = (by: string) => `/usage?group_by=${by}&token=${encodeURIComponent(id)}&from=${from}`;
  const [token, byDay, byModel, recent] = await Promise.all([
    need(api<TokenFigures>('GET', tokenPath(context))),
    need(api<Page<UsageRow>>('GET', usage('day'))),
    need(api<Page<UsageRow>>('GET', usage('model'))),
    need(api<Page<LogRowView>>('GET', `/logs?token=${encodeURIComponent(id)}&limit=10`)),
  ]);
  const isAdmin = context.var.principal.role === 'admin';
  const channels = isAdmin ? await services.liveChannels() : [];
  const { accountId, name: readerName } = context.var.principal;
  const reader = { id: accountId, name: readerName ?? accountId };
  const content = (
    <TokenDetails
      token={token}
      byDay={byDay.data}
      byModel={byModel.data}
      recent={recent.data}
      names={new Map([...channels, token, reader].map(({ id, name }) => [id, name]))}
      now={services.now()}
      topUp={topUp}
      readerId={context.var.principal.accountId}
      isAdmin={isAdmin}
    />
  );
  return show(context, 'tokens', token.name, content, topUp === undefined ? 200 : 400);
}

async function showForm(
  context: PageContext,
  token: Token | null,
  values: Values,
  errors: Record<string, string>,
  detail?: string,
) {
  const { api, services, principal } = context.var;
  const [models, groups] = await Promise.all([
    servedModels(services),
    principal.role === 'admin' ? needAll<{ name: string }>(api, '/groups') : [],
  ]);
  const title = token === null ? texts().add : `${texts().edit}: ${token.name}`;
  const isWrong = Object.keys(errors).length > 0 || detail !== undefined;
  const form = (
    <TokenForm
      token={token}
      isOthers={token !== null && editsAdminPart(token, principal.accountId)}
      models={models}
      groups={groups.map(({ name }) => name)}
      values={values}
      errors={errors}
      detail={isWrong ? detail : undefined}
    />
  );
  return show(context, 'tokens', title, form, isWrong ? 400 : 200);
}

/** Returns the token with the values that this reader edits. */
async function findEditable(context: PageContext): Promise<Token> {
  return editableToken(await findToken(context), context.var.principal.accountId);
}
