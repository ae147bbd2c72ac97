// The owner of a token's value, in KV, near every caller. A copy may be a minute old or missing. It never decides
// whether a request is allowed, so failures are reported and never fatal.
import type { TokenIdentity } from './token.ts';

const timeToLiveSeconds = 86_400;

/** Called with an error; the caller continues without the cache. */
export type ReportCacheFailure = (event: string, error: unknown) => void;

export class TokenCache {
  private readonly kv: KVNamespace;
  private readonly report: ReportCacheFailure;

  constructor(kv: KVNamespace, report: ReportCacheFailure) {
    this.kv = kv;
    this.report = report;
  }

  /** Returns null if there is no copy, or KV does not answer. */
  async get(hash: string): Promise<TokenIdentity | null> {
    try {
      const identity = await this.kv.get<TokenIdentity>(keyOf(hash), 'json');
      // Copies stored before groups had versions lack fields.
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
