// Stores responses for channels that cannot: off unless the operator sets a number of days; per account, sealed under ENCRYPTION_KEY, deleted
// when the time is over. `store: false` is always obeyed.
import { type EncryptionKeys, unsealWithAny } from '../../lib/encryption-keys.ts';
import type { JsonObject } from '../../lib/json.ts';
import { logWarning } from '../../lib/log.ts';
import { type Sealed, seal, UnsealError } from '../../lib/seal.ts';
import type { ConversationStore } from '../../routing/conversation-store.ts';

/** A stored response: the conversation up to it, and the response as the caller got it. */
export interface StoredResponse {
  /** Input items of the conversation so far, this response's own included; its output not. */
  input: JsonObject[];
  response: JsonObject;
}

/** Bounds of what is stored. */
export const conversationLimits = {
  /** A conversation with more than this (as JSON) is not stored: a row of D1 holds 2 MB. */
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

  /** Returns null if it is not stored for that account, or was sealed under a key that is gone. Rejects when the database fails. */
  async find(id: string, accountId: string, nowMs: number): Promise<StoredResponse | null> {
    if (!this.isOn) return null;
    const sealed = await this.store.find(id, accountId, nowMs);
    if (sealed === null) return null;
    try {
      return JSON.parse(await unsealWithAny(JSON.parse(sealed) as Sealed, this.keys)) as StoredResponse;
    } catch (error) {
      if (!(error instanceof UnsealError)) throw error;
      logWarning('conversation-unreadable', { id, error });
      return null;
    }
  }

  /** Stores a response. One that is too large is left out and reported in the operator's log. Never rejects. */
  async put(accountId: string, stored: StoredResponse, nowMs: number): Promise<void> {
    const { seal: key } = this.keys;
    if (key === null || this.days === null) return;
    const id = String(stored.response.id);
    try {
      const text = JSON.stringify(stored);
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

/** Returns the body with the conversation in its input instead of its `previous_response_id`. */
export function continuedBody(body: JsonObject, { input, response }: StoredResponse): JsonObject {
  const { previous_response_id: _, ...rest } = body;
  return { ...rest, input: [...input, ...outputOf(response), ...itemsOf(body.input)] };
}

/** Returns what a later request needs of this one. */
export function storedResponseOf(body: JsonObject, response: JsonObject): StoredResponse {
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
