// Signing in through Cloudflare Access: it opens the account of the email that it says, for as long as it says. Anybody
// could have typed that email into an invitation; so it opens only accounts whose email is proven: GitHub had verified
// it, or the person has once signed in another way with Access in front that said the same email.
import { accessHeader, visitorOf } from '../accounts/access-jwt.ts';
import { normalEmail, openSession } from '../accounts/log-in.ts';
import { messages } from '../i18n/messages.ts';
import type { PageContext } from './page-env.ts';
import { showLogin, tryOf, welcome } from './sign-in-session.tsx';

/** null: Access is not set up, or has let nobody through; the login page is shown then. */
export async function throughAccess(context: PageContext): Promise<Response | null> {
  const { services } = context.var;
  const jwt = context.req.header(accessHeader);
  const { access } = services.signIn;
  if (access === null || jwt === undefined) return null;
  try {
    const visitor = await visitorOf(jwt, access);
    if (visitor === null) return showLogin(context, { error: messages().login.accessWrong }, 401);
    const account = await services.accounts.findByEmail(normalEmail(visitor.email));
    if (account === null || account.status !== 'active') {
      return showLogin(context, { error: messages().login.accessUnknown(visitor.email) }, 403);
    }
    if (!account.isEmailProven) {
      return showLogin(context, { error: messages().login.accessUnproven(visitor.email) }, 403);
    }
    const session = await openSession(services, account.id, tryOf(context), visitor.expiresAtMs);
    return welcome(context, session, 'access');
  } catch (error) {
    services.report('access-keys-unreachable', error);
    return showLogin(context, { error: messages().login.accessAway }, 503);
  }
}
