// The steps of changing a token: D1 records it, the token's ledger applies it, then the caches follow. (A deletion
// starts at the ledger, so that the token stops working before anything else can fail.) A call that fails half-way
// answers 503; repeating the call completes it.

import type { TokenChanges, TokenRecord } from '../../tokens/columns.ts';
import { effectivePolicy, type OwnBounds } from '../../tokens/effective-policy.ts';
import { identityOf } from '../../tokens/resolve.ts';
import { hashSecret, hintOfSecret, mintSecret } from '../../tokens/secret.ts';
import type { AdminEdit } from '../../tokens/store.ts';
import { finalVersion } from '../../tokens/store.ts';
import { type AdminBounds, type TokenPolicy, unbounded } from '../../tokens/token.ts';
import { newId } from '../accounts/secret-value.ts';
import { notFound, unavailable } from './problem.ts';
import type { ManagementServices } from './services.ts';

/** A token and its value, which is stored nowhere. */
export interface MintedToken {
  record: TokenRecord;
  secret: string;
}

interface NewRecord {
  accountId: string;
  name: string;
  changes: TokenChanges;
  admin: AdminBounds | null;
  secret: string;
}

export class TokenWrites {
  private readonly services: ManagementServices;

  constructor(services: ManagementServices) {
    this.services = services;
  }

  /** `admin`: what an admin sets on another account's token. */
  async create(
    accountId: string,
    name: string,
    changes: TokenChanges,
    admin: AdminBounds | null = null,
  ): Promise<MintedToken> {
    const secret = mintSecret();
    const record = this.newRecord({ accountId, name, changes, admin, secret });
    const { tokenId } = record.policy;
    await this.services.tokens.insert(record);
    try {
      // Read again for its group's limits, and because the account may have been disabled meanwhile. After this,
      // an edit of either reaches the new token's ledger too.
      const stored = (await this.services.tokens.find(tokenId)) ?? record;
      await this.services.ledgers.configure(stored.policy);
      await this.cache(stored.policy);
      return { record: stored, secret };
    } catch (error) {
      return await this.takeBack(tokenId, error);
    }
  }

  /** `admin`: the changes to the values that only admins change. */
  async update(id: string, changes: TokenChanges, admin?: AdminEdit): Promise<TokenRecord> {
    const record = await this.services.tokens.update(id, changes, admin);
    if (record === null) throw notFound('token');
    await this.putIntoForce(record.policy);
    await this.cache(record.policy);
    return record;
  }

  async rotate(id: string, overlapSeconds: number): Promise<MintedToken> {
    const secret = mintSecret();
    const nowMs = this.services.now();
    const oldEndsAtMs = nowMs + overlapSeconds * 1_000;
    const rotation = { hash: hashSecret(secret), hint: hintOfSecret(secret), oldEndsAtMs, nowMs };
    const rotated = await this.services.tokens.rotate(id, rotation);
    if (rotated === null) throw notFound('token');
    const { policy } = rotated.record;
    await this.putIntoForce(policy);
    const accepted = new Set(policy.hashes.map(({ hash }) => hash));
    const gone = rotated.before.filter(({ hash }) => !accepted.has(hash));
    await Promise.all([this.cache(policy), ...gone.map(({ hash }) => this.services.tokenCache.delete(hash))]);
    return { record: rotated.record, secret };
  }

  async delete(id: string): Promise<void> {
    const record = await this.services.tokens.find(id);
    if (record === null) throw notFound('token');
    await this.deleteAll([record]);
  }

  /** Deletes tokens together, all of them at their ledgers first. A deleted token stays deleted. */
  async deleteAll(records: readonly TokenRecord[]): Promise<void> {
    const { ledgers, tokens, tokenCache, report } = this.services;
    const policies = records.map(({ policy }) => policy);
    try {
      await Promise.all(
        policies.map((policy) => ledgers.configure({ ...policy, status: 'deleted', version: finalVersion })),
      );
    } catch (error) {
      report('token-not-deleted', error);
      throw unavailable(
        "The token's ledger cannot be reached, so the token is not deleted yet. Repeat the call.",
      );
    }
    await tokens.setDeleted(policies.map(({ tokenId }) => tokenId));
    const hashes = policies.flatMap((policy) => policy.hashes.map(({ hash }) => hash));
    await Promise.all(hashes.map((hash) => tokenCache.delete(hash)));
  }

  private newRecord({ accountId, name, changes, admin, secret }: NewRecord): TokenRecord {
    const { expiresAtMs, quotaNanoUsd, budget, models, allowedIps, limits, status, group } = changes;
    const { tags = [], note = '', includesCost = false } = changes;
    const own: OwnBounds = {
      group: group ?? 'default',
      status: status ?? 'active',
      expiresAtMs: expiresAtMs ?? null,
      quotaNanoUsd: quotaNanoUsd ?? null,
      budget: budget ?? null,
      models: models ?? [],
      allowedIps: allowedIps ?? [],
      limits: limits ?? {},
      ...{ tags, note, includesCost },
    };
    const createdAtMs = this.services.now();
    const hashes = [{ hash: hashSecret(secret), validUntilMs: null }];
    const parts = { own, admin, account: null };
    const policy = effectivePolicy({
      tokenId: newId('tok'),
      accountId,
      version: 1,
      hashes,
      bounds: unbounded,
      ...parts,
    });
    return {
      policy,
      ...parts,
      name,
      hint: hintOfSecret(secret),
      createdAtMs,
      lastUsedAtMs: null,
      spentNanoUsd: 0,
    };
  }

  /** Nobody has seen the value yet, so a token that did not reach its ledger is removed. */
  private async takeBack(id: string, cause: unknown): Promise<never> {
    this.services.report('token-not-created', cause);
    await this.services.tokens.discard(id);
    throw unavailable("The new token's ledger cannot be reached, so no token was created. Repeat the call.");
  }

  private async putIntoForce(policy: TokenPolicy): Promise<void> {
    try {
      await this.services.ledgers.configure(policy);
    } catch (error) {
      this.services.report('token-change-not-in-force', error);
      throw unavailable(
        "The change is stored, but may not be in force yet: the token's ledger cannot be reached. Repeat the call.",
      );
    }
  }

  private async cache(policy: TokenPolicy): Promise<void> {
    const { tokenCache } = this.services;
    await Promise.all(policy.hashes.map(({ hash }) => tokenCache.put(identityOf(policy, hash))));
  }
}
