// What is asked before it is done to a token: its deletion, and a new secret, which is then shown once.
import type { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import type { Token } from '../api/token-fields.ts';
import { messages } from '../i18n/messages.ts';
import { Confirm } from './confirm.tsx';
import { redirectDone } from './done.tsx';
import { Choice } from './form.tsx';
import { show } from './layout.tsx';
import { formOf, need, type PageContext, type PageEnv, textOf } from './page-env.ts';
import { Time } from './parts.tsx';
import { TokenReveal } from './token-reveal.tsx';

const texts = () => messages().tokens;
const listAddress = '/dashboard/tokens';

export type WithSecret = Token & { token: string };

/** Adds the routes under /dashboard/tokens. */
export function addConfirmedRoutes(routes: Hono<PageEnv>): void {
  routes.get('/:id/delete', async (context) => {
    const token = await findToken(context);
    return show(context, 'tokens', texts().deleteTitle, <TokenDelete token={token} />);
  });
  routes.post('/:id/delete', async (context) => {
    await need(context.var.api('DELETE', tokenPath(context)));
    return redirectDone(context, listAddress, 'tokenDeleted');
  });
  routes.get('/:id/rotate', async (context) => {
    const token = await findToken(context);
    return show(context, 'tokens', texts().rotateTitle, <TokenRotate token={token} />);
  });
  routes.post('/:id/rotate', async (context) => {
    const overlap_seconds = Number(textOf(await formOf(context), 'overlap_seconds'));
    const path = `${tokenPath(context)}/rotate`;
    const rotated = await need(context.var.api<WithSecret>('POST', path, { overlap_seconds }));
    return showSecret(context, texts().rotated, rotated);
  });
}

/** Shows a secret, once. */
export async function showSecret(
  context: PageContext,
  title: string,
  { token, name, id, models }: WithSecret,
) {
  const origin = new URL(context.req.url).origin;
  const live = await context.var.services.liveChannels();
  const served = live.flatMap(({ models, modelMap }) => [...models, ...Object.keys(modelMap)]);
  const content = (
    <TokenReveal
      title={title}
      name={name}
      id={id}
      value={token}
      models={models}
      served={served}
      origin={origin}
    />
  );
  return show(context, 'tokens', title, content);
}

export function findToken(context: PageContext): Promise<Token> {
  return need(context.var.api<Token>('GET', tokenPath(context)));
}

export function tokenAddress(context: PageContext): string {
  return `/dashboard${tokenPath(context)}`;
}

export function tokenPath(context: PageContext): string {
  return `/tokens/${encodeURIComponent(context.req.param('id') ?? '')}`;
}

/** Asks before a token is deleted. */
const TokenDelete: FC<{ token: Token }> = ({ token }) => (
  <Confirm
    title={texts().deleteTitle}
    facts={factsOf(token)}
    warning={texts().deleteWarning}
    submit={texts().deleteConfirm}
    back={`${listAddress}/${token.id}`}
  />
);

/** Asks before a token gets a new secret: for an hour both work, unless another time is chosen. */
const TokenRotate: FC<{ token: Token }> = ({ token }) => (
  <Confirm
    title={texts().rotateTitle}
    facts={factsOf(token)}
    warning={texts().rotateHelp}
    submit={texts().rotateConfirm}
    back={`${listAddress}/${token.id}`}
  >
    <Choice
      name="overlap_seconds"
      label={texts().overlap}
      value="3600"
      options={Object.entries(texts().overlaps)}
    />
  </Confirm>
);

function factsOf({ name, hint, last_used_at }: Token) {
  return [
    [texts().name, name],
    [texts().hint, <code>{hint}</code>],
    [texts().lastUsed, <Time at={last_used_at} age />],
  ] as const;
}
