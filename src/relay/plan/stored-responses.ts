// The relay's own keeping of responses, for channels that have no such thing: off unless the operator gives it a number
// of days; per account, sealed under ENCRYPTION_KEY, gone when the time is over. `store: false` is always obeyed.
import { type EncryptionKeys, unsealWithAny } from '../../lib/encryption-keys.ts';
import type { JsonObject } from '../../lib/json.ts';
import { logWarning } from '../../lib/log.ts';
import { type Sealed, seal, UnsealError } from '../../lib/seal.ts';
import type { ConversationStore } from '../../routing/conversation-store.ts';

/** What is kept of one response: all that was said up to it, and the response as the caller got it. */
export interface KeptResponse {
  /** Input items of the conversation so far, this response's own included; its output not. */
  input: JsonObject[];
  response: JsonObject;
}

/** Bounds of keeping. */
export const conversationLimits = {
  /** A conversation with more than this (as JSON) is not kept: a row of D1 holds 2 MB. */
  bytes: 1_400_000,
} as const;

const dayMs = 86_400_000;

export class Conversations {
  private readonly store: ConversationStore;
  private readonly days: number | null;
  private readonly keys: EncryptionKeys;

  constructor(store: ConversationStore, days: number | null, keys: EncryptionKeys) {
    this.store = store;
    this.days = days;
    this.keys = keys;
  }

  /** Whether the operator has switched it on. */
  get isOn(): boolean {
    return this.days !== null && this.keys.seal !== null;
  }

  /** null: not kept here for that account, or sealed under a key that is gone. Rejects when the database fails. */
  async find(id: string, accountId: string, nowMs: number): Promise<KeptResponse | null> {
    if (!this.isOn) return null;
    const sealed = await this.store.find(id, accountId, nowMs);
    if (sealed === null) return null;
    try {
      return JSON.parse(await unsealWithAny(JSON.parse(sealed) as Sealed, this.keys)) as KeptResponse;
    } catch (error) {
      if (!(error instanceof UnsealError)) throw error;
      logWarning('conversation-unreadable', { id, error });
      return null;
    }
  }

  /** Keeps it; one that is too large is left out, and the operator's log says so. Never rejects. */
  async keep(accountId: string, kept: KeptResponse, nowMs: number): Promise<void> {
    const { seal: key } = this.keys;
    if (key === null || this.days === null) return;
    const id = String(kept.response.id);
    try {
      const text = JSON.stringify(kept);
      if (text.length > conversationLimits.bytes) throw new Error(`${text.length} characters are too many`);
      const sealed = JSON.stringify(await seal(text, key));
      await this.store.put(id, accountId, sealed, nowMs + this.days * dayMs);
    } catch (error) {
      logWarning('conversation-not-kept', { id, error });
    }
  }

  async forgetExpired(nowMs: number): Promise<void> {
    await this.store.forgetBefore(nowMs);
  }

  async forget(id: string, accountId: string): Promise<void> {
    await this.store.delete(id, accountId);
  }
}

/** A body without its `previous_response_id`: what was said before stands in its input. */
export function continued(body: JsonObject, { input, response }: KeptResponse): JsonObject {
  const { previous_response_id: _, ...rest } = body;
  return { ...rest, input: [...input, ...outputOf(response), ...itemsOf(body.input)] };
}

/** What a later request has to be told of this one. */
export function keptOf(body: JsonObject, response: JsonObject): KeptResponse {
  return { input: itemsOf(body.input), response };
}

function outputOf(response: JsonObject): JsonObject[] {
  return Array.isArray(response.output) ? response.output : [];
}

function itemsOf(input: unknown): JsonObject[] {
  if (typeof input === 'string')
    return [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: input }] }];
  return Array.isArray(input) ? input : [];
}
