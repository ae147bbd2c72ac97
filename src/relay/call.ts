// One request as the routes hand it over, and what the relay needs to serve it.
import type { Endpoint, FormatRegistry } from '../formats/registry.ts';
import type { FetchUpstream, Send } from '../providers/call.ts';
import type { LedgerClient } from '../quota/client.ts';
import type { Background, CatalogLoader } from '../routing/catalog-loader.ts';
import type { KeyRing } from '../routing/key-ring.ts';
import type { ModelLists } from '../routing/model-lists.ts';
import type { SharedHealth } from '../routing/shared-health.ts';
import type { UpstreamIdStore } from '../routing/upstream-id-store.ts';
import type { TokenCache } from '../tokens/cache.ts';
import type { TokenResolver } from '../tokens/resolve.ts';
import type { TokenIdentity } from '../tokens/token.ts';
import type { Conversations } from './plan/stored-responses.ts';
import type { UploadMemory } from './request/upload-memory.ts';

/** A request whose token is known and whose endpoint is found. */
export interface Call {
  requestId: string;
  endpoint: Endpoint;
  /** The formats that requests can be translated to. */
  formats: FormatRegistry;
  request: Request;
  secret: string;
  identity: TokenIdentity;
  /** The caller's address as the edge saw it. */
  ip: string | null;
  /** From the path, where the format has it there (Gemini); else null and the body names it. */
  pathModel: string | null;
  /** What follows `/v1/responses` for a stored response (`/{id}/cancel`), else ''. */
  suffix: string;
  startedAtMs: number;
  background: Background;
}

/** The parts of the relay that outlive a request; one set an isolate. */
export interface RelayServices {
  formats: FormatRegistry;
  resolver: TokenResolver;
  tokenCache: TokenCache;
  ledgers: LedgerClient;
  catalog: CatalogLoader;
  keys: KeyRing;
  health: SharedHealth;
  modelLists: ModelLists;
  upstreamIds: UpstreamIdStore;
  conversations: Conversations;
  uploadMemory: UploadMemory;
  /** Null if the deployment has no Workers AI. */
  sendToAi: Send | null;
  /** Sends a request to an upstream on a new connection, as far as the runtime can. */
  resend: FetchUpstream;
}
