// Sign-in with a passkey: two calls of the sign-in page's script (public/passkeys.js), with the browser's own step
// between them.
import type { Hono } from 'hono';
import { z } from 'zod';
import { accountLimits } from '../accounts/account.ts';
import { recordFailedSignIn } from '../accounts/failed-sign-in-log.ts';
import { openSession } from '../accounts/log-in.ts';
import { passkeyCounters } from '../accounts/login-limits.ts';
import { forgetTries, takeTry } from '../accounts/login-try-store.ts';
import { beginLogin, finishLogin } from '../accounts/passkey.ts';
import { messages } from '../i18n/messages.ts';
import { type PageContext, type PageEnv, PageProblem } from './page-env.ts';
import { returnTo } from './return-to.ts';
import { admit, tryOf } from './sign-in-session.tsx';

const answerSchema = z.object({
  state: z.string(),
  response: z.looseObject({ id: z.string().max(accountLimits.credentialIdCharacters) }),
});

/** Adds the routes under /dashboard/login/passkey. They answer JSON: `{next}`, or `{error}` with a message. */
export function addPasskeyLogin(routes: Hono<PageEnv>): void {
  routes.post('/login/passkey/options', async (context) => {
    const { now } = context.var.services;
    return context.json(await beginLogin({ encryptionKey: keyOf(context), now }, context.req.url));
  });
  routes.post('/login/passkey', async (context) => {
    const { services } = context.var;
    const read = answerSchema.safeParse(await context.req.json().catch(() => null));
    if (!read.success) return context.json({ error: messages().login.passkeyWrong }, 400);
    const from = tryOf(context);
    const owner = (await services.passkeys.find(read.data.response.id))?.accountId ?? null;
    const counters = passkeyCounters(from.ip, owner && from.deviceOf(owner));
    if ((await takeTry(services.db, counters, services.now())).outcome === 'refused') {
      return context.json({ error: messages().login.tooOften }, 429);
    }
    const accountId = await finishLogin(
      { ...services, encryptionKey: keyOf(context) },
      context.req.url,
      read.data,
    );
    if (accountId === null) {
      const failed = { way: 'passkey', accountId: owner, ip: from.ip, nowMs: services.now() };
      await recordFailedSignIn(services.db, failed);
      return context.json({ error: messages().login.passkeyWrong }, 401);
    }
    await forgetTries(services.db, counters);
    await admit(context, await openSession(services, accountId, from), 'passkey');
    return context.json({ next: returnTo(context) });
  });
}

function keyOf(context: PageContext): string {
  const { encryptionKey } = context.var.services;
  if (encryptionKey === null) throw new PageProblem(503, messages().login.noEncryptionKey);
  return encryptionKey;
}
