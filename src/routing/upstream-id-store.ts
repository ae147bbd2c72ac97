// Who created an upstream's id (a response, its items, a container) and where it lives. Stored in D1, with a cache
// in the isolate, so that the next request of a conversation finds it at once.

/** The owner of an upstream id. */
export interface UpstreamIdOwner {
  accountId: string;
  channelId: string;
  keyId: string | null;
  model: string | null;
  /** For a response: the tokens of the conversation up to it, which the next request has as input. */
  contextTokens: number | null;
}

/** Owners that an isolate caches. */
const rememberedOwnersLimit = 10_000;

export class UpstreamIdStore {
  private readonly remembered = new Map<string, UpstreamIdOwner>();
  private readonly db: D1Database;

  constructor(db: D1Database) {
    this.db = db;
  }

  /** Records the ids of one owner, the response's id first. The first owner of an id stays, in the cache too. */
  async record(ids: readonly string[], owner: UpstreamIdOwner, nowMs: number): Promise<void> {
    const fresh = ids.filter((id) => !this.remembered.has(id));
    for (const id of fresh) this.remember(id, owner);
    const { accountId, channelId, keyId, model, contextTokens } = owner;
    const insert = this.db
      .prepare(
        `INSERT INTO upstream_ids (id, account_id, channel_id, key_id, model, created_at)
         SELECT value, ?2, ?3, ?4, ?5, ?6 FROM json_each(?1) WHERE true ON CONFLICT (id) DO NOTHING RETURNING id`,
      )
      .bind(JSON.stringify(ids), accountId, channelId, keyId, model, nowMs);
    const context = contextTokens === null ? [] : [this.contextInsert(ids[0] ?? '', contextTokens, nowMs)];
    const [inserted] = await this.db.batch<{ id: string }>([insert, ...context]);
    const results = inserted?.results ?? [];
    const recorded = new Set(results.map(({ id }) => id));
    // The id may already have an owner: the database knows.
    for (const id of fresh) if (!recorded.has(id)) this.remembered.delete(id);
  }

  /** Records the length of a response's conversation as soon as it is known. */
  async recordContext(responseId: string, tokens: number, nowMs: number): Promise<void> {
    await this.contextInsert(responseId, tokens, nowMs).run();
  }

  /** Records which token's ledger tracks a background response. */
  async recordWaiting(
    responseId: string,
    tokenId: string,
    owner: UpstreamIdOwner,
    nowMs: number,
  ): Promise<void> {
    await this.record([waitingId(responseId)], { ...owner, model: tokenId, contextTokens: null }, nowMs);
  }

  /** Returns the token whose ledger tracks or tracked a response, or null. */
  async waitingToken(responseId: string): Promise<string | null> {
    const id = waitingId(responseId);
    return (await this.owners([id])).get(id)?.model ?? null;
  }

  /** Returns the owners of those ids that have one. */
  async owners(ids: readonly string[]): Promise<Map<string, UpstreamIdOwner>> {
    const known = new Map<string, UpstreamIdOwner>();
    for (const id of ids) {
      const owner = this.remembered.get(id);
      if (owner !== undefined) known.set(id, owner);
    }
    const others = ids.filter((id) => !known.has(id));
    if (others.length === 0) return known;
    const { results } = await this.db
      .prepare(
        `SELECT id, account_id AS accountId, channel_id AS channelId, key_id AS keyId, model,
           (SELECT tokens FROM response_contexts WHERE response_contexts.id = upstream_ids.id) AS contextTokens
         FROM upstream_ids WHERE id IN (SELECT value FROM json_each(?1))`,
      )
      .bind(JSON.stringify(others))
      .all<UpstreamIdOwner & { id: string }>();
    for (const { id, ...owner } of results) {
      this.remember(id, owner);
      known.set(id, owner);
    }
    return known;
  }

  /** Deletes older entries from the database. */
  async forgetBefore(createdBeforeMs: number): Promise<void> {
    await this.db.batch(
      ['upstream_ids', 'response_contexts'].map((table) =>
        this.db.prepare(`DELETE FROM ${table} WHERE created_at < ?`).bind(createdBeforeMs),
      ),
    );
  }

  private contextInsert(responseId: string, tokens: number, nowMs: number): D1PreparedStatement {
    return this.db
      .prepare(
        'INSERT INTO response_contexts (id, tokens, created_at) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET tokens = excluded.tokens',
      )
      .bind(responseId, tokens, nowMs);
  }

  private remember(id: string, owner: UpstreamIdOwner): void {
    const oldest = this.remembered.keys().next().value;
    if (this.remembered.size >= rememberedOwnersLimit && oldest !== undefined) this.remembered.delete(oldest);
    this.remembered.set(id, owner);
  }
}

/**
 * Returns the id under which a response's token is recorded, in the column of the model. No upstream creates
 * such ids.
 */
function waitingId(responseId: string): string {
  return `background ${responseId}`;
}
