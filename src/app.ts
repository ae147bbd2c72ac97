// The composition root: builds the services of an isolate once, mounts the doors and the management API.
import { type Context, Hono, type HonoRequest, type MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { type Config, type Env, readConfig } from './config.ts';
import type { ManagementServices } from './dashboard/api/services.ts';
import { anthropicDoor } from './http/anthropic.ts';
import { atDoor, type DoorEnv, newRequestId } from './http/door.ts';
import { exposedHeaders } from './http/exposed-headers.ts';
import { geminiDoor } from './http/gemini.ts';
import { geminiLiveDoor } from './http/gemini-live.ts';
import { modelsDoor, shapeOfPath } from './http/models.ts';
import { openaiDoor } from './http/openai.ts';
import { canonicalPath, pathOf } from './http/paths.ts';
import { realtimeDoor } from './http/realtime.ts';
import { methodsOf } from './http/routes.ts';
import { asksForSocket, refuseSocket } from './http/upgrade.ts';
import { asNoPage, sayNoPage } from './lib/no-page.ts';
import { RelayError } from './lib/relay-error.ts';
import { RefreshedPrices } from './metering/price-refresh.ts';
import { PriceStore } from './metering/price-store.ts';
import type { FetchUpstream } from './providers/call.ts';
import { sendToBinding } from './providers/workers-ai.ts';
import { AccountLedgerClient } from './quota/account-client.ts';
import { LedgerClient } from './quota/client.ts';
import { EphemeralSecrets } from './realtime/ephemeral.ts';
import type { RelayServices } from './relay/call.ts';
import { discoverModels, testChannel } from './relay/channel-checks.ts';
import { Conversations } from './relay/conversations.ts';
import { HeldBytes } from './relay/held-bytes.ts';
import { relayLimits } from './relay/limits.ts';
import { AliasStore } from './routing/alias-store.ts';
import { CatalogLoader, type CatalogSource, type StoredCatalog } from './routing/catalog-loader.ts';
import { ConversationStore } from './routing/conversation-store.ts';
import { GroupStore } from './routing/group-store.ts';
import { KeyRing } from './routing/key-ring.ts';
import { ModelLists } from './routing/model-lists.ts';
import { unpricedOf } from './routing/route-rates.ts';
import { type HealthBoardPort, SharedHealth } from './routing/shared-health.ts';
import { RoutingStore } from './routing/store.ts';
import { UpstreamIdStore } from './routing/upstream-id-store.ts';
import { isSchemaReady } from './schema/readiness.ts';
import { whenSchemaIsReady } from './schema-gate.ts';
import { TokenCache } from './tokens/cache.ts';
import { TokenResolver } from './tokens/resolve.ts';
import { TokenStore } from './tokens/store.ts';

/** The relay's version, as /api/health tells it. */
export const version = '0.1.0';

interface Services extends RelayServices {
  ephemeral: EphemeralSecrets;
  config: Config;
  tokens: TokenStore;
  routing: RoutingStore;
  groups: GroupStore;
  aliases: AliasStore;
  prices: PriceStore;
}

/** One set an isolate: an environment never changes while its isolate lives. */
let built: { env: Env; services: Services } | null = null;

/** The isolate's services; its Durable Objects use them too. */
export function servicesOf(env: Env): Services {
  if (built === null || built.env.DB !== env.DB) built = { env, services: buildServices(env) };
  return built.services;
}

function buildServices(env: Env): Services {
  const config = readConfig(env);
  const tokens = new TokenStore(env.DB);
  const tokenCache = new TokenCache(env.CACHE, report);
  const stores = {
    routing: new RoutingStore(env.DB),
    groups: new GroupStore(env.DB),
    aliases: new AliasStore(env.DB),
    prices: new PriceStore(env.DB),
  };
  const keys = new KeyRing(config.encryptionKeys);
  const refreshedPrices = config.pricesUrl === null ? null : new RefreshedPrices(env.CACHE, report);
  return {
    config,
    tokens,
    tokenCache,
    ...stores,
    keys,
    resolver: new TokenResolver(tokens, tokenCache),
    ledgers: new LedgerClient(env.LEDGER, (tokenId) => tokens.findPolicy(tokenId)),
    catalog: new CatalogLoader(catalogSource(stores, env.CACHE, refreshedPrices), config),
    health: new SharedHealth(healthBoard(env)),
    ephemeral: new EphemeralSecrets(config.encryptionKey),
    modelLists: new ModelLists(keys),
    upstreamIds: new UpstreamIdStore(env.DB),
    conversations: new Conversations(
      new ConversationStore(env.DB),
      config.conversationDays,
      config.encryptionKeys,
    ),
    heldBytes: new HeldBytes(relayLimits.heldBytesOfIsolate),
    sendToAi: env.AI === undefined ? null : sendToBinding(env.AI),
    resend: resend(env),
  };
}

/** One board for the whole deployment. */
/** On the edge, Cloudflare's own pool decides which connection that is. */
function resend({ NEW_CONNECTIONS: connections }: Env): FetchUpstream {
  return connections === undefined
    ? (url, init) => fetch(url, init)
    : (url, init) => connections.fetch(url, init);
}

function healthBoard({ HEALTH }: Env): HealthBoardPort {
  return { exchange: (report) => HEALTH.get(HEALTH.idFromName('board')).exchange(report) };
}

const snapshotKey = 'catalog';

function catalogSource(
  { routing, groups, aliases, prices }: Pick<Services, 'routing' | 'groups' | 'aliases' | 'prices'>,
  kv: KVNamespace,
  refreshed: RefreshedPrices | null,
): CatalogSource {
  return {
    read: async () => {
      const [channels, allGroups, overrides, allAliases] = await Promise.all([
        routing.loadChannels(),
        groups.load(),
        prices.load(),
        aliases.load(),
        refreshed?.freshen(Date.now()),
      ]);
      return { channels, groups: allGroups, overrides, aliases: allAliases };
    },
    readSnapshot: () => kv.get<StoredCatalog>(snapshotKey, 'json'),
    writeSnapshot: (stored) => kv.put(snapshotKey, JSON.stringify(stored)),
  };
}

/** To the operator's log. */
export function report(event: string, error: unknown): void {
  console.warn(JSON.stringify({ event, error: String(error) }));
}

const doors = new Hono<DoorEnv>({ getPath: (request) => canonicalPath(pathOf(request.url)) });
doors.route('/', openaiDoor(servicesOf));
doors.route('/', anthropicDoor(servicesOf));
doors.route('/', modelsDoor(servicesOf));
doors.route('/', geminiDoor(servicesOf));
doors.route('/', realtimeDoor(servicesOf));
doors.route('/', geminiLiveDoor(servicesOf));

/** The model endpoints may be called by pages of any origin (or those of CORS_ORIGINS), without cookies. */
const crossOrigin: MiddlewareHandler<DoorEnv> = async (context, next) => {
  const { corsOrigins } = servicesOf(context.env).config;
  const policy = cors({
    origin: corsOrigins === null ? '*' : [...corsOrigins],
    allowMethods: ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'],
    exposeHeaders: [...exposedHeaders],
    maxAge: 86_400,
  });
  const preflight = await policy(context, next);
  if (preflight === undefined) sayNoPage(context.res.headers);
  preflight?.headers.set('x-request-id', newRequestId());
  return preflight;
};

const doorsForPages = new Hono<DoorEnv>({ getPath: (request) => canonicalPath(pathOf(request.url)) });
doorsForPages.use('/v1/*', crossOrigin);
doorsForPages.all('*', (context) => doors.fetch(context.req.raw, context.env, context.executionCtx));

doors.all('/api/*', async (context) => {
  const { managementApi } = await import('./dashboard/api/management-api.ts');
  const api = managementApi(await managementServices(context.env));
  const response = await api.fetch(belowPrefix(context.req), context.env, context.executionCtx);
  response.headers.set('x-request-id', newRequestId());
  return response;
});

for (const path of ['/', '/dashboard', '/dashboard/*']) doors.all(path, showDashboard);

async function showDashboard({ req, env, executionCtx }: Context<DoorEnv>): Promise<Response> {
  const [{ dashboard }, { missingOf }] = await Promise.all([
    import('./dashboard/pages/dashboard.tsx'),
    import('./dashboard/pages/missing.ts'),
  ]);
  const services = servicesOf(env);
  const pages = dashboard({
    ...(await managementServices(env)),
    liveChannels: async () => (await services.catalog.current(Date.now(), () => undefined)).enabled,
    unpricedModels: async (models) => {
      const now = Date.now();
      return unpricedOf(models, await services.catalog.current(now, () => undefined), now);
    },
    callModel: async (request) => doors.fetch(request, env, executionCtx),
    missing: () => missingOf(services.config, env.DB),
    signIn: services.config.signIn,
  });
  return pages.fetch(req.raw, env, executionCtx);
}

/** What the management API and the pages stand on; loaded on demand, with them. */
async function managementServices(env: Env): Promise<ManagementServices> {
  const [{ AccountStore }, { PasskeyStore }, { IdentityStore }] = await Promise.all([
    import('./dashboard/accounts/account-store.ts'),
    import('./dashboard/accounts/passkey-store.ts'),
    import('./dashboard/accounts/identity-store.ts'),
  ]);
  const services = servicesOf(env);
  return {
    ...services,
    version,
    adminKey: services.config.adminKey,
    encryptionKey: services.config.encryptionKey,
    encryptionKeys: services.config.encryptionKeys,
    logRetentionMs: services.config.logRetentionMs,
    db: env.DB,
    accounts: new AccountStore(env.DB),
    passkeys: new PasskeyStore(env.DB),
    identities: new IdentityStore(env.DB),
    accountLedgers: new AccountLedgerClient(env.ACCOUNTS),
    onChannelsChanged: () => services.catalog.refresh(Date.now()),
    testChannel: (channelId, model, keyId) => testChannel(services, channelId, model, keyId ?? null),
    discoverModels: (channelId) => discoverModels(services, channelId),
    channelHealth: () => services.health.known(),
    forgiveChannel: (places) => services.health.forgive(places),
    diagnose: async () =>
      (await import('./dashboard/doctor/diagnose.ts')).diagnose(env, services, Date.now()),
    report,
    now: Date.now,
  };
}

doors.notFound(async (context) => {
  const { path, method, raw } = context.req;
  const isPage = (method === 'GET' || method === 'HEAD') && !/^\/(v1(beta)?|ws)(\/|$)/.test(path);
  const page = isPage ? await context.env.ASSETS.fetch(raw) : null;
  if (page !== null && page.status !== 404) return asNoPage(page);
  const refusal = await atDoor(shapeOfPath(raw), () => Promise.reject(noSuchRoute(path, method)));
  return isPage ? asNoPage(refusal) : refusal;
});

/** The Worker's fetch handler. Middleware costs every request that passes it: only pages' requests do. Sockets know no CORS. */
export const app = {
  fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response> {
    const isSocket = asksForSocket(request);
    const refusal = isSocket ? refuseSocket(request) : null;
    if (refusal !== null) return refusal;
    if (isSchemaReady(env.DB)) return serve(request, env, context, isSocket);
    return whenSchemaIsReady(request, env.DB, report, () => serve(request, env, context, isSocket));
  },
};

function serve(
  request: Request,
  env: Env,
  context: ExecutionContext,
  isSocket: boolean,
): Response | Promise<Response> {
  const fromPage = (request.headers.has('origin') && !isSocket) || request.method === 'OPTIONS';
  return (fromPage ? doorsForPages : doors).fetch(request, env, context);
}

function noSuchRoute(path: string, method: string): RelayError {
  const allow = [...methodsOf(path)];
  if (allow.length === 0) return new RelayError('route_not_found', `There is no endpoint ${method} ${path}.`);
  return new RelayError(
    'method_not_allowed',
    `${path} does not take ${method}. It takes ${allow.join(', ')}.`,
    { allow },
  );
}

/** The management API's own paths begin after `/api`; its base address is forgiven its slashes too. */
function belowPrefix({ raw, path }: HonoRequest): Request {
  const url = new URL(raw.url);
  url.pathname = path.slice('/api'.length);
  return new Request(url, raw);
}
