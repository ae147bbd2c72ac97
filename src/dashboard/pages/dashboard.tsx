// The dashboard as one app: headers, sign-in, the check of forms' origin, and every page's routes.
import { Hono, type HonoRequest, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { contextStorage } from 'hono/context-storage';
import { trimTrailingSlash } from 'hono/trailing-slash';
import { isFromOwnPage, sessionValue } from '../accounts/session-cookie.ts';
import { principalOfSession } from '../api/authenticate.ts';
import { managementLimits } from '../api/limits.ts';
import { documentationRoutes } from '../documentation/routes.tsx';
import { detectLanguage, messages } from '../i18n/messages.ts';
import { accountRoutes } from './account.tsx';
import { alertRoutes } from './alert-endpoints.tsx';
import { auditRoutes } from './audit.tsx';
import { channelRoutes } from './channels.tsx';
import { connectRoutes } from './connect.tsx';
import { groupRoutes } from './groups.tsx';
import { languageRoutes } from './language.tsx';
import { pageHeaders, show, showAlone } from './layout.tsx';
import { logRoutes } from './logs.tsx';
import { modelRoutes, pricingRoutes } from './models.tsx';
import { overviewRoutes } from './overview.tsx';
import { apiFor, type PageEnv, PageProblem, type PageServices } from './page-env.ts';
import { peopleRoutes } from './people.tsx';
import { playgroundRoutes } from './playground.tsx';
import { priceRoutes } from './prices.tsx';
import { rememberPage } from './return-to.ts';
import { signInRoutes } from './sign-in.tsx';
import { tokenRoutes } from './tokens.tsx';
import { usageRoutes } from './usage.tsx';

/** Returns the app for `/` and everything under `/dashboard` and `/docs`. */
export function dashboard(services: PageServices): Hono<PageEnv> {
  const app = new Hono<PageEnv>();
  app.onError((error, context) => {
    if (!(error instanceof PageProblem)) services.report('dashboard-failed', error);
    const status = error instanceof PageProblem ? error.status : 500;
    const detail = error instanceof PageProblem ? error.message : messages().errors.failed;
    const title = titleOf(status);
    const content = <Trouble title={title} detail={detail} />;
    return context.var.principal
      ? show(context, undefined, title, content, status)
      : showAlone(title, content, status);
  });
  app.use(contextStorage(), detectLanguage);
  app.use(guard(services));
  app.use(boundedForm);
  app.route('/dashboard', languageRoutes());
  app.route('/dashboard', signInRoutes());
  app.route('/', documentationRoutes());
  app.route('/', pricingRoutes());
  app.use(requireSession);
  app.use(trimTrailingSlash({ alwaysRedirect: true }));
  app.get('/dashboard', (context) => context.redirect('/', 302));
  app.route('/', overviewRoutes());
  app.route('/dashboard/tokens', tokenRoutes());
  app.route('/dashboard/logs', logRoutes());
  app.route('/dashboard/usage', usageRoutes());
  app.route('/dashboard/connect', connectRoutes());
  app.route('/dashboard/models', modelRoutes());
  app.route('/dashboard/playground', playgroundRoutes());
  app.route('/dashboard/account', accountRoutes());
  // From here on for admins only; the management API would refuse members as well.
  app.use('/dashboard/:section/*', requireAdmin);
  app.route('/dashboard/channels', channelRoutes());
  app.route('/dashboard/models', priceRoutes());
  app.route('/dashboard/groups', groupRoutes());
  app.route('/dashboard/people', peopleRoutes());
  app.route('/dashboard/alerts', alertRoutes());
  app.route('/dashboard/audit', auditRoutes());
  app.notFound(() => {
    throw new PageProblem(404, messages().errors.notFound);
  });
  return app;
}

function titleOf(status: number): string {
  const { title, titles } = messages().errors;
  return status === 403 || status === 404 ? titles[status] : title;
}

const Trouble = ({ title, detail }: { title: string; detail: string }) => (
  <>
    <h1>{title}</h1>
    <p>{detail}</p>
    <p>
      <a href="/">{messages().nav.overview}</a>
    </p>
  </>
);

/** No form of another site can change anything, not even sign in. Every answer has the headers of a page. */
function guard(services: PageServices): MiddlewareHandler<PageEnv> {
  return async (context, next) => {
    context.set('services', services);
    if (!['GET', 'HEAD'].includes(context.req.method) && !isFromOwnPage(context.req.raw)) {
      throw new PageProblem(403, messages().form.crossOrigin);
    }
    await next();
    // A public page says itself how long it may be cached.
    const caching = context.res.headers.get('cache-control');
    for (const [name, value] of Object.entries(pageHeaders)) context.res.headers.set(name, value);
    if (caching !== null) context.res.headers.set('cache-control', caching);
  };
}

/** Strangers can send forms too: reading is limited, whatever length they announce. */
const boundedForm = bodyLimit({
  maxSize: managementLimits.formBytes,
  onError: () => {
    throw new PageProblem(413, messages().errors.tooLarge);
  },
});

const requireSession: MiddlewareHandler<PageEnv> = async (context, next) => {
  const { services } = context.var;
  const value = sessionValue(context);
  const principal = value === null ? null : await principalOfSession(value, services);
  if (principal === null) {
    const problems = await services.setupProblems();
    if (problems.length > 0) return context.redirect('/dashboard/setup', 303);
    if (isForm(context.req)) return showAlone(messages().login.over, <SessionOver />, 401);
    rememberPage(context);
    return context.redirect('/dashboard/login', 303);
  }
  context.set('principal', principal);
  context.set('api', apiFor(services, principal));
  await next();
};

/** Recognizes forms sent by browsers. A script's call gets the address of the sign-in page. */
function isForm(request: HonoRequest): boolean {
  const type = request.header('content-type') ?? '';
  return /^(application\/x-www-form-urlencoded|multipart\/form-data)\b/.test(type);
}

/** The typed values exist only in the browser; reloading this page sends them again. */
const SessionOver = () => (
  <>
    <h1>{messages().login.over}</h1>
    <p>{messages().login.overHelp}</p>
    <p>
      <a href="/dashboard/login" target="_blank" class="button" rel="noopener">
        {messages().login.title}
      </a>
    </p>
  </>
);

const requireAdmin: MiddlewareHandler<PageEnv> = async (context, next) => {
  if (context.var.principal.role !== 'admin') throw new PageProblem(403, messages().errors.adminOnly);
  await next();
};
