// The composition root: builds the services of an isolate once, mounts the doors and the management API.
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { type Config, type Env, readConfig } from './config.ts';
import type { ManagementServices } from './dashboard/api/services.ts';

import { anthropicDoor } from './http/anthropic.ts';
import { atDoor, type DoorEnv } from './http/door.ts';
import { geminiDoor } from './http/gemini.ts';
import { modelsDoor, shapeFor } from './http/models.ts';
import { openaiDoor } from './http/openai.ts';
import { canonicalPath, pathOf } from './http/paths.ts';
import { methodsOf } from './http/routes.ts';
import { RelayError } from './lib/relay-error.ts';
import { forgetRowsBefore } from './metering/log.ts';
import { RefreshedPrices, refreshPriceTable } from './metering/price-refresh.ts';
import { PriceStore } from './metering/price-store.ts';
import { LedgerClient } from './quota/client.ts';
import type { RelayServices } from './relay/call.ts';
import { tryChannel } from './relay/channel-test.ts';
import { Conversations } from './relay/conversations.ts';
import { HeldBytes } from './relay/held-bytes.ts';
import { relayLimits } from './relay/limits.ts';
import { CatalogLoader, type CatalogSource, type StoredCatalog } from './routing/catalog-loader.ts';
import { ConversationStore } from './routing/conversation-store.ts';
import { KeyRing } from './routing/key-ring.ts';
import { ModelLists } from './routing/model-lists.ts';
import { type HealthBoardPort, SharedHealth } from './routing/shared-health.ts';
import { RoutingStore } from './routing/store.ts';
import { UpstreamIdStore } from './routing/upstream-id-store.ts';
import { TokenCache } from './tokens/cache.ts';
import { TokenResolver } from './tokens/resolve.ts';
import { TokenStore } from './tokens/store.ts';

/** The relay's version, as /api/health tells it. */
export const version = '0.1.0';

interface Services extends RelayServices {
  config: Config;
  tokens: TokenStore;
  routing: RoutingStore;
  prices: PriceStore;
}

/** One set an isolate: an environment never changes while its isolate lives. */
let built: { env: Env; services: Services } | null = null;

function servicesOf(env: Env): Services {
  if (built === null || built.env.DB !== env.DB) built = { env, services: buildServices(env) };
  return built.services;
}

function buildServices(env: Env): Services {
  const config = readConfig(env);
  const tokens = new TokenStore(env.DB);
  const tokenCache = new TokenCache(env.CACHE, report);
  const routing = new RoutingStore(env.DB);
  const prices = new PriceStore(env.DB);
  const keys = new KeyRing(config.encryptionKey);
  const refreshedPrices = config.pricesUrl === null ? null : new RefreshedPrices(env.CACHE, report);
  return {
    config,
    tokens,
    tokenCache,
    routing,
    prices,
    keys,
    resolver: new TokenResolver(tokens, tokenCache),
    ledgers: new LedgerClient(env.LEDGER, (tokenId) => tokens.findPolicy(tokenId), env.ACCOUNTS),
    catalog: new CatalogLoader(catalogSource(routing, prices, env.CACHE, refreshedPrices), config),
    health: new SharedHealth(healthBoard(env)),
    modelLists: new ModelLists(keys),
    upstreamIds: new UpstreamIdStore(env.DB),
    conversations: new Conversations(
      new ConversationStore(env.DB),
      config.conversationDays,
      config.encryptionKey,
    ),
    heldBytes: new HeldBytes(relayLimits.heldBytesOfIsolate),
  };
}

/** One board for the whole deployment. */
function healthBoard({ HEALTH }: Env): HealthBoardPort {
  return { exchange: (report) => HEALTH.get(HEALTH.idFromName('board')).exchange(report) };
}

const snapshotKey = 'catalog';

function catalogSource(
  routing: RoutingStore,
  prices: PriceStore,
  kv: KVNamespace,
  refreshed: RefreshedPrices | null,
): CatalogSource {
  return {
    read: async () => {
      const [channels, groups, overrides] = await Promise.all([
        routing.loadChannels(),
        routing.loadGroups(),
        prices.load(),
        refreshed?.freshen(Date.now()),
      ]);
      return { channels, groups, overrides };
    },
    readSnapshot: () => kv.get<StoredCatalog>(snapshotKey, 'json'),
    writeSnapshot: (stored) => kv.put(snapshotKey, JSON.stringify(stored)),
  };
}

function report(event: string, error: unknown): void {
  console.warn(JSON.stringify({ event, error: String(error) }));
}

/** Exposed to pages of other origins: what SDKs and people read of an answer's headers. */
const exposedHeaders = [
  'x-request-id',
  'request-id',
  'retry-after',
  'x-should-retry',
  'x-ratelimit-limit-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-requests',
  'x-ratelimit-reset-tokens',
  'anthropic-ratelimit-requests-limit',
  'anthropic-ratelimit-requests-remaining',
  'anthropic-ratelimit-requests-reset',
  'anthropic-ratelimit-tokens-limit',
  'anthropic-ratelimit-tokens-remaining',
  'anthropic-ratelimit-tokens-reset',
  'x-relay-dropped',
  'x-relay-estimated',
  'x-relay-upstream-request-id',
];

const doors = new Hono<DoorEnv>({ getPath: (request) => canonicalPath(pathOf(request.url)) });
doors.route('/', openaiDoor(servicesOf));
doors.route('/', anthropicDoor(servicesOf));
doors.route('/', modelsDoor(servicesOf));
doors.route('/', geminiDoor(servicesOf));

/** The model endpoints may be called by pages of any origin (or those of CORS_ORIGINS), without cookies. */
const crossOrigin: MiddlewareHandler<DoorEnv> = async (context, next) => {
  const { corsOrigins } = servicesOf(context.env).config;
  const policy = cors({
    origin: corsOrigins === null ? '*' : [...corsOrigins],
    allowMethods: ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'],
    exposeHeaders: exposedHeaders,
    maxAge: 86_400,
  });
  return policy(context, next);
};

const doorsForPages = new Hono<DoorEnv>({ getPath: (request) => canonicalPath(pathOf(request.url)) });
doorsForPages.use('/v1/*', crossOrigin);
doorsForPages.all('*', (context) => doors.fetch(context.req.raw, context.env, context.executionCtx));

doors.all('/api/*', async (context) => {
  const { managementApi } = await import('./dashboard/api/management-api.ts');
  const api = managementApi(await managementServices(context.env));
  return api.fetch(withoutPrefix(context.req.raw), context.env, context.executionCtx);
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
    liveChannels: async () =>
      (await services.catalog.current(Date.now(), () => undefined)).channelsFor('default'),
    health: () => healthBoard(env).exchange(services.health.current.report()),
    callModel: async (request) => doors.fetch(request, env, executionCtx),
    missing: () => missingOf(services.config, env.DB),
  });
  return pages.fetch(req.raw, env, executionCtx);
}

/** What the management API and the pages stand on; loaded on demand, with them. */
async function managementServices(env: Env): Promise<ManagementServices> {
  const { AccountStore } = await import('./dashboard/accounts/account-store.ts');
  const services = servicesOf(env);
  return {
    ...services,
    version,
    adminKey: services.config.adminKey,
    encryptionKey: services.config.encryptionKey,
    logRetentionMs: services.config.logRetentionMs,
    db: env.DB,
    accounts: new AccountStore(env.DB),
    onChannelsChanged: () => services.catalog.refresh(Date.now()),
    testChannel: (channelId, model) => testChannel(services, channelId, model),
    report,
    now: Date.now,
  };
}

doors.notFound((context) => {
  const { path, method, raw } = context.req;
  const isPage = (method === 'GET' || method === 'HEAD') && !/^\/v1(beta)?(\/|$)/.test(path);
  if (isPage) return context.env.ASSETS.fetch(raw);
  return atDoor(shapeFor(raw), () => Promise.reject(noSuchRoute(path, method)));
});

/** The Worker's fetch handler. Middleware costs every request that passes it: only pages' requests do. */
export const app = {
  fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response> {
    const fromPage = request.headers.has('origin') || request.method === 'OPTIONS';
    return (fromPage ? doorsForPages : doors).fetch(request, env, context);
  },
};

/** Ids of what upstreams store are forgotten after this; OpenAI keeps responses for 30 days. */
const upstreamIdsKeptMs = 35 * 86_400_000;

/**
 * The hourly work: a fresh copy of the catalog for isolates that start while the database is away, forgetting,
 * and the price table. One that fails keeps none of the others; what failed is thrown at the end.
 */
export async function hourly(env: Env): Promise<void> {
  const services = servicesOf(env);
  const { logRetentionMs, pricesUrl } = services.config;
  const nowMs = Date.now();
  const work: (() => Promise<unknown> | undefined)[] = [
    () => services.catalog.refresh(nowMs),
    () => services.upstreamIds.forgetBefore(nowMs - upstreamIdsKeptMs),
    () => services.conversations.forgetExpired(nowMs),
    () => (logRetentionMs === null ? undefined : forgetRowsBefore(env.DB, nowMs - logRetentionMs)),
    () => (pricesUrl === null ? undefined : refreshPrices(pricesUrl, env.CACHE, nowMs)),
  ];
  const failures: unknown[] = [];
  for (const task of work) {
    try {
      await task();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'a part of the hourly work failed');
}

async function refreshPrices(url: string, kv: KVNamespace, nowMs: number): Promise<void> {
  const refresh = await refreshPriceTable(url, kv, (source, init) => fetch(source, init), nowMs);
  if (refresh.outcome === 'failed') report('price-table-not-refreshed', refresh.reason);
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

/** The management API's own paths begin after `/api`. */
function withoutPrefix(request: Request): Request {
  const url = new URL(request.url);
  url.pathname = url.pathname.slice('/api'.length);
  return new Request(url, request);
}

async function testChannel(
  { catalog, keys, modelLists }: Services,
  channelId: string,
  model: string | undefined,
) {
  const current = await catalog.current(Date.now(), () => undefined);
  const channel = current.channel(channelId);
  if (channel === null) return { ok: false, status: null, latency_ms: 0, error: 'There is no such channel.' };
  return tryChannel(channel, model, keys, modelLists);
}
