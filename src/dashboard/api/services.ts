// What the management API needs from the rest of the Worker, provided by management-services.ts.
import type { AlertsRpc } from '../../alerts/alerts.ts';
import type { EncryptionKeys } from '../../lib/encryption-keys.ts';
import type { PriceStore } from '../../metering/price-store.ts';
import type { ModelOverrideStore } from '../../models/override-store.ts';
import type { AccountLedgers } from '../../quota/account-client.ts';
import type { Ledgers } from '../../quota/quota.ts';
import type { AliasStore } from '../../routing/alias-store.ts';
import type { GroupStore } from '../../routing/group-store.ts';
import type { TargetHealth, TargetId } from '../../routing/health.ts';
import type { ModelDirectory } from '../../routing/model-directory.ts';
import type { RoutingStore } from '../../routing/store.ts';
import type { TokenCache } from '../../tokens/cache.ts';
import type { TokenStore } from '../../tokens/store.ts';
import type { AccountStore } from '../accounts/account-store.ts';
import type { IdentityStore } from '../accounts/identity-store.ts';
import type { PasskeyStore } from '../accounts/passkey-store.ts';
import type { Finding } from '../doctor/finding.ts';

/** The result of a trial request through one channel. */
export interface ChannelTest {
  ok: boolean;
  /** The upstream's status. Null: there was no answer. */
  status: number | null;
  latency_ms: number;
  error?: string | undefined;
}

/** An upstream's list of models. Null `models`: it could not be read, and `error` says why. */
export interface Discovery {
  models: string[] | null;
  error?: string | undefined;
  /** False: this kind of upstream has no list. */
  hasList?: boolean;
}

export interface ManagementServices {
  version: string;
  /** Null: not set. Every call then answers 503 and says so. */
  adminKey: string | null;
  /** Null: not set. Channels can then be read, but get no keys. */
  encryptionKey: string | null;
  /** This key, and those that still open stored secrets. */
  encryptionKeys: EncryptionKeys;
  /** For the log, the roll-ups, the audit, and the import. */
  db: D1Database;
  accounts: AccountStore;
  passkeys: PasskeyStore;
  identities: IdentityStore;
  tokens: TokenStore;
  routing: RoutingStore;
  groups: GroupStore;
  aliases: AliasStore;
  prices: PriceStore;
  modelOverrides: ModelOverrideStore;
  /** Which models there are, for whom, at what price. */
  directory: Pick<ModelDirectory, 'names' | 'list' | 'audienceOfGroup'>;
  /** Throw RelayError `service_unavailable` when a ledger cannot be reached. */
  ledgers: Ledgers;
  accountLedgers: AccountLedgers;
  tokenCache: TokenCache;
  /** How long log rows are kept. Null: forever. */
  logRetentionMs: number | null;
  /** Called after channels, groups, or prices were written. The call answers when it resolves. */
  onChannelsChanged: () => Promise<void>;
  /**
   * Sends a small request through the channel, with `model` or a model of its own. Never throws for upstream
   * errors.
   */
  testChannel: (channelId: string, model?: string, keyId?: string) => Promise<ChannelTest>;
  /** Returns the upstream's own list of models. Never throws for upstream errors. */
  discoverModels: (channelId: string) => Promise<Discovery>;
  /** Returns the health of channels and keys, by target name (routing/health.ts). Never throws. */
  channelHealth: () => Promise<Record<string, TargetHealth>>;
  /** Resets the health of channels and keys. Never rejects. */
  resetChannelHealth: (targets: readonly TargetId[]) => Promise<void>;
  /** Checks what the deployment depends on. Never rejects. */
  diagnose: () => Promise<readonly Finding[]>;
  /** Incidents and webhooks. */
  alerts: AlertsRpc;
  /** Webhooks may go to private addresses. */
  allowPrivateWebhooks: boolean;
  /** Receives unexpected errors; callers never see them. */
  report: (event: string, error: unknown) => void;
  now: () => number;
}
