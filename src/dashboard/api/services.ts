// What the management API needs of the rest: named here, given by management-services.ts.
import type { EncryptionKeys } from '../../lib/encryption-keys.ts';
import type { PriceStore } from '../../metering/price-store.ts';
import type { AccountLedgers } from '../../quota/account-client.ts';
import type { Ledgers } from '../../quota/quota.ts';
import type { AliasStore } from '../../routing/alias-store.ts';
import type { GroupStore } from '../../routing/group-store.ts';
import type { TargetHealth, TargetId } from '../../routing/health.ts';
import type { RoutingStore } from '../../routing/store.ts';
import type { TokenCache } from '../../tokens/cache.ts';
import type { TokenStore } from '../../tokens/store.ts';
import type { AccountStore } from '../accounts/account-store.ts';
import type { IdentityStore } from '../accounts/identity-store.ts';
import type { PasskeyStore } from '../accounts/passkey-store.ts';
import type { Finding } from '../doctor/finding.ts';

/** What became of a trial request through one channel. */
export interface ChannelTest {
  ok: boolean;
  /** The upstream's status; null when there was no answer. */
  status: number | null;
  latency_ms: number;
  error?: string | undefined;
}

/** An upstream's list of models; `null` models: it could not be read, and `error` says why. */
export interface Discovery {
  models: string[] | null;
  error?: string | undefined;
  /** false: this kind of upstream has no list. */
  hasList?: boolean;
}

export interface ManagementServices {
  version: string;
  /** null: unset; every call is then a 503 that says so. */
  adminKey: string | null;
  /** null: unset; channels can then be read but get no keys. */
  encryptionKey: string | null;
  /** That one, and those that still open what is stored. */
  encryptionKeys: EncryptionKeys;
  /** For the log, the roll-ups, the audit and the import. */
  db: D1Database;
  accounts: AccountStore;
  passkeys: PasskeyStore;
  identities: IdentityStore;
  tokens: TokenStore;
  routing: RoutingStore;
  groups: GroupStore;
  aliases: AliasStore;
  prices: PriceStore;
  /** Throw RelayError `service_unavailable` when a ledger cannot be reached. */
  ledgers: Ledgers;
  accountLedgers: AccountLedgers;
  tokenCache: TokenCache;
  /** How long rows of the log are kept; null: for ever. */
  logRetentionMs: number | null;
  /** Called after channels, groups or prices were written; the call is answered when it resolves. */
  onChannelsChanged: () => Promise<void>;
  /** Sends a small request through the channel, with `model` or one of its own. Never throws for what the upstream does. */
  testChannel: (channelId: string, model?: string, keyId?: string) => Promise<ChannelTest>;
  /** The upstream's own list of models. Never throws for what the upstream does. */
  discoverModels: (channelId: string) => Promise<Discovery>;
  /** What is known of channels and keys, by place name (routing/health.ts). Never throws. */
  channelHealth: () => Promise<Record<string, TargetHealth>>;
  /** What was known against channels and keys counts no more. Never rejects. */
  forgiveChannel: (places: readonly TargetId[]) => Promise<void>;
  /** Checks what the deployment stands on. Never rejects. */
  diagnose: () => Promise<readonly Finding[]>;
  /** Told of what broke; never shown to the caller. */
  report: (event: string, error: unknown) => void;
  now: () => number;
}
