// Resolves a credential to an identity: checksum, then the isolate's cache, then KV, then D1. None of these
// decides whether the token may be used; its ledger does.
import type { EncryptionKeys } from '../lib/encryption-keys.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { TokenCache } from './cache.ts';
import { hashSecret, isWellFormedSecret } from './secret.ts';
import { openShortLived, shortLivedPrefix } from './short-lived-secret.ts';
import type { TokenStore } from './store.ts';
import type { TokenIdentity, TokenPolicy } from './token.ts';

/** Limits of the isolate's cache. */
export const isolateCache = {
  known: 10_000,
  /** Unknown values have a separate cache, so that they cannot push out known ones. */
  unknown: 1_000,
  knownForMs: 30_000,
  unknownForMs: 5_000,
  /** A lookup that another request began is awaited this long, then repeated. */
  sharedWaitMs: 2_000,
} as const;

export type Resolution =
  | { outcome: 'known'; identity: TokenIdentity }
  | { outcome: 'malformed' }
  /** A short-lived secret whose time is over. */
  | { outcome: 'expired'; atMs: number }
  | { outcome: 'unknown' };

interface Remembered {
  identity: TokenIdentity | null;
  untilMs: number;
}

export class TokenResolver {
  private readonly known = new Map<string, Remembered>();
  private readonly unknown = new Map<string, Remembered>();
  private readonly underWay = new Map<string, Promise<TokenIdentity | null>>();
  private readonly store: Pick<TokenStore, 'findByHash'>;
  private readonly cache: TokenCache;
  private readonly keys: Pick<EncryptionKeys, 'open'>;

  /** `keys` open short-lived secrets. */
  constructor(
    store: Pick<TokenStore, 'findByHash'>,
    cache: TokenCache,
    keys: Pick<EncryptionKeys, 'open'> = { open: [] },
  ) {
    this.store = store;
    this.cache = cache;
    this.keys = keys;
  }

  /** Throws RelayError `service_unavailable` when no cache knows the token and the database is unavailable. */
  async resolve(secret: string, nowMs: number): Promise<Resolution> {
    if (secret.startsWith(shortLivedPrefix)) return this.resolveShortLived(secret, nowMs);
    const remembered = this.known.get(secret) ?? this.unknown.get(secret);
    if (remembered !== undefined && remembered.untilMs > nowMs) return resolution(remembered.identity);
    if (!isWellFormedSecret(secret)) return { outcome: 'malformed' };
    const identity = await this.lookUpOnce(secret);
    this.remember(secret, identity, nowMs);
    return resolution(identity);
  }

  /** The statement is as old as the secret: a newer policy of the ledger wins. */
  private async resolveShortLived(secret: string, nowMs: number): Promise<Resolution> {
    const statement = await openShortLived(secret, this.keys);
    if (statement === null) return { outcome: 'unknown' };
    if (statement.expiresAtMs <= nowMs) return { outcome: 'expired', atMs: statement.expiresAtMs };
    return resolution(this.known.get(secret)?.identity ?? statement.identity);
  }

  /** Caches the newer policy that the ledger returned. */
  renew(secret: string, policy: TokenPolicy, hash: string, nowMs: number): TokenIdentity {
    const identity = identityOf(policy, hash);
    this.remember(secret, identity, nowMs);
    return identity;
  }

  private async lookUpOnce(secret: string): Promise<TokenIdentity | null> {
    const shared = this.underWay.get(secret);
    if (shared !== undefined) {
      const answer = await Promise.race([
        shared.catch(() => undefined),
        scheduler.wait(isolateCache.sharedWaitMs),
      ]);
      if (answer !== undefined) return answer;
    }
    const own = this.lookUp(hashSecret(secret));
    this.underWay.set(secret, own);
    try {
      return await own;
    } finally {
      if (this.underWay.get(secret) === own) this.underWay.delete(secret);
    }
  }

  private async lookUp(hash: string): Promise<TokenIdentity | null> {
    const cached = await this.cache.get(hash);
    if (cached !== null) return cached;
    const policy = await this.read(hash);
    if (policy === null) return null;
    const identity = identityOf(policy, hash);
    await this.cache.put(identity);
    return identity;
  }

  private async read(hash: string): Promise<TokenPolicy | null> {
    try {
      return (await this.store.findByHash(hash))?.policy ?? null;
    } catch (cause) {
      const message = 'API keys cannot be looked up at the moment. Try again shortly.';
      throw new RelayError('service_unavailable', message, { retryAfterMs: 2_000, cause });
    }
  }

  private remember(secret: string, identity: TokenIdentity | null, nowMs: number): void {
    const [memory, bound, forMs] =
      identity === null
        ? [this.unknown, isolateCache.unknown, isolateCache.unknownForMs]
        : [this.known, isolateCache.known, isolateCache.knownForMs];
    const oldest = memory.keys().next().value;
    if (memory.size >= bound && oldest !== undefined) memory.delete(oldest);
    memory.delete(secret);
    memory.set(secret, { identity, untilMs: nowMs + forMs });
  }
}

/** Returns the part of a policy that is cached for a value of the token. */
export function identityOf(policy: TokenPolicy, hash: string): TokenIdentity {
  const { tokenId, accountId, group, version } = policy;
  const { version: groupVersion, priceMultiplierMillionths, channels } = policy.bounds;
  const bounds = { version: groupVersion, priceMultiplierMillionths, channels };
  return {
    tokenId,
    accountId,
    group,
    bounds,
    version,
    hash,
    ...(policy.tags && { tags: policy.tags }),
    ...(policy.includesCost && { includesCost: true }),
  };
}

function resolution(identity: TokenIdentity | null): Resolution {
  return identity === null ? { outcome: 'unknown' } : { outcome: 'known', identity };
}
