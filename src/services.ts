// The services of an isolate: built once, shared by its requests, its hourly work, and its Durable Objects.
import { type Config, readConfig } from './config.ts';
import type { Env } from './env.ts';
import { formats } from './formats/registry.ts';
import { report } from './lib/log.ts';
import { RefreshedPrices } from './metering/price-refresh.ts';
import { PriceStore } from './metering/price-store.ts';
import { ModelOverrideStore } from './models/override-store.ts';
import type { FetchUpstream } from './providers/call.ts';
import { sendToBinding } from './providers/workers-ai.ts';
import { LedgerClient } from './quota/client.ts';
import { EphemeralSecrets } from './realtime/ephemeral.ts';
import type { RelayServices } from './relay/call.ts';
import { relayLimits } from './relay/limits.ts';
import { Conversations } from './relay/plan/stored-responses.ts';
import { UploadMemory } from './relay/request/upload-memory.ts';
import { AliasStore } from './routing/alias-store.ts';
import { CatalogLoader, type CatalogSource, type StoredCatalog } from './routing/catalog-loader.ts';
import { ConversationStore } from './routing/conversation-store.ts';
import { GroupStore } from './routing/group-store.ts';
import { KeyRing } from './routing/key-ring.ts';
import { ModelLists } from './routing/model-lists.ts';
import { type HealthRegistryPort, SharedHealth } from './routing/shared-health.ts';
import { RoutingStore } from './routing/store.ts';
import { UpstreamIdStore } from './routing/upstream-id-store.ts';
import { TokenCache } from './tokens/cache.ts';
import { TokenResolver } from './tokens/resolve.ts';
import { TokenStore } from './tokens/store.ts';

/** What all requests of an isolate share. */
export interface Services extends RelayServices {
  ephemeral: EphemeralSecrets;
  config: Config;
  tokens: TokenStore;
  routing: RoutingStore;
  groups: GroupStore;
  aliases: AliasStore;
  prices: PriceStore;
  modelOverrides: ModelOverrideStore;
}

/** One set for each environment: an environment never changes during an isolate's life. */
let built: { env: Env; services: Services } | null = null;

/** Returns the isolate's services. Its Durable Objects use them too. */
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
    modelOverrides: new ModelOverrideStore(env.DB),
  };
  const keys = new KeyRing(config.encryptionKeys);
  const refreshedPrices = config.pricesUrl === null ? null : new RefreshedPrices(env.CACHE, report);
  return {
    formats,
    config,
    tokens,
    tokenCache,
    ...stores,
    keys,
    resolver: new TokenResolver(tokens, tokenCache, config.encryptionKeys),
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
    uploadMemory: new UploadMemory(relayLimits.heldBytesOfIsolate),
    sendToAi: env.AI === undefined ? null : sendToBinding(env.AI),
    resend: resend(env),
  };
}

/** On the edge, Cloudflare's own pool chooses the connection. */
function resend({ NEW_CONNECTIONS: connections }: Env): FetchUpstream {
  return connections === undefined
    ? (url, init) => fetch(url, init)
    : (url, init) => connections.fetch(url, init);
}

/** One registry for the whole deployment. */
function healthBoard({ HEALTH }: Env): HealthRegistryPort {
  const board = () => HEALTH.get(HEALTH.idFromName('board')) as unknown as HealthRegistryPort;
  return { exchange: (report) => board().exchange(report) };
}

const snapshotKey = 'catalog';

function catalogSource(
  stores: Pick<Services, 'routing' | 'groups' | 'aliases' | 'prices' | 'modelOverrides'>,
  kv: KVNamespace,
  refreshed: RefreshedPrices | null,
): CatalogSource {
  const { routing, groups, aliases, prices, modelOverrides } = stores;
  return {
    read: async () => {
      const [channels, allGroups, overrides, allAliases, models] = await Promise.all([
        routing.loadChannels(),
        groups.load(),
        prices.load(),
        aliases.load(),
        modelOverrides.load(),
        refreshed?.freshen(Date.now()),
      ]);
      return { channels, groups: allGroups, overrides, aliases: allAliases, models };
    },
    readSnapshot: () => kv.get<StoredCatalog>(snapshotKey, 'json'),
    writeSnapshot: (stored) => kv.put(snapshotKey, JSON.stringify(stored)),
  };
}
