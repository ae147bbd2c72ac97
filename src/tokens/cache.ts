// Who a token's value belongs to, in KV, near every caller. A copy that may be a minute old or missing: it
// never decides whether a request is allowed, so failing here is reported and never fatal.
import type { TokenIdentity } from './token.ts';

const timeToLiveSeconds = 86_400;

/** Told of what went wrong; the caller goes on without the cache. */
export type ReportCacheFailure = (event: string, error: unknown) => void;

export class TokenCache {
  private readonly kv: KVNamespace;
  private readonly report: ReportCacheFailure;

  constructor(kv: KVNamespace, report: ReportCacheFailure) {
    this.kv = kv;
    this.report = report;
  }

  /** null: not there, or KV does not answer. */
  async get(hash: string): Promise<TokenIdentity | null> {
    try {
      const identity = await this.kv.get<TokenIdentity>(keyOf(hash), 'json');
      // Copies of before groups had versions say too little.
      return identity?.bounds === undefined ? null : identity;
    } catch (error) {
      this.report('token-cache-get-failed', error);
      return null;
    }
  }

  /** Stores the identity under its own hash. */
  async put(identity: TokenIdentity): Promise<void> {
    try {
      await this.kv.put(keyOf(identity.hash), JSON.stringify(identity), { expirationTtl: timeToLiveSeconds });
    } catch (error) {
      this.report('token-cache-put-failed', error);
    }
  }

  async delete(hash: string): Promise<void> {
    try {
      await this.kv.delete(keyOf(hash));
    } catch (error) {
      this.report('token-cache-delete-failed', error);
    }
  }
}

function keyOf(hash: string): string {
  return `token:${hash}`;
}
