// What the door hands over to a session's Durable Object with the upgrade: who calls, and what was asked for. It travels
// in a header between the two, which no caller can set: the door makes that request anew.
import type { JsonObject } from '../lib/json.ts';
import { neverForwarded } from '../providers/request-allowlist.ts';
import type { PolicyQuestion } from '../quota/records.ts';
import type { TokenIdentity } from '../tokens/token.ts';

/** A session as it was admitted. */
export interface SessionOrder {
  /** Of the session; its responses are `<requestId>_1` and so on. */
  requestId: string;
  /** Whose API it speaks. */
  format: 'openai' | 'gemini';
  /** The endpoint's name in the log; Gemini's upstreams have the same. */
  endpoint: string;
  identity: TokenIdentity;
  ip: string | null;
  /** As the caller names it, an alias too; null: the client's first frame will. */
  model: string | null;
  /** Of `x-relay-fallback`: what else will do. */
  fallback: readonly string[];
  intent: 'conversation' | 'transcription';
  /** Of an ephemeral secret: it may not take another model, and begins with these settings. */
  bound: { settings: JsonObject } | null;
  /** The caller's headers that may go to some upstream; the channel's allowlist decides (connect.ts). */
  headers: Record<string, string>;
  /** The subprotocol to be echoed; null: none was offered, or only credentials. */
  protocol: string | null;
  startedAtMs: number;
}

/** What an order carries of its caller's headers, in characters: the order itself travels in a header. */
const sessionHeaderCharacters = 8_192;

/** Keeps the headers that a channel could forward, as many as fit. */
export function headersForOrder(from: Headers): Record<string, string> {
  const kept: Record<string, string> = {};
  let characters = 0;
  for (const [name, value] of from) {
    characters += name.length + value.length;
    if (neverForwarded.test(name)) characters -= name.length + value.length;
    else if (characters <= sessionHeaderCharacters) kept[name] = value;
  }
  return kept;
}

/** The header that an order travels in. */
const orderHeader = 'x-relay-session';

/** The upgrade for the session's object. */
export function requestWith(order: SessionOrder): Request {
  return new Request('https://session/', {
    headers: { upgrade: 'websocket', [orderHeader]: encodeURIComponent(JSON.stringify(order)) },
  });
}

/** The order of such a request. Throws for any other. */
export function orderOf(request: Request): SessionOrder {
  const text = request.headers.get(orderHeader);
  if (text === null) throw new Error('a session was opened without an order');
  return JSON.parse(decodeURIComponent(text)) as SessionOrder;
}

/** What the ledger is asked: whether the token may come from there, to the models that the name can come to. */
export function questionOf(
  { identity, ip }: Pick<SessionOrder, 'identity' | 'ip'>,
  model: string | null,
  models: readonly string[] | null,
): PolicyQuestion {
  return { hash: identity.hash, ip, model, ...(models !== null && { models }) };
}

/** The endpoint of OpenAI's sessions in the log. */
export const realtimePath = '/v1/realtime';
