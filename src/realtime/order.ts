// The order that a route hands to a session's Durable Object with the upgrade: who calls, and what is requested. It is sent in a header that no
// caller can set, because the route makes that request itself.
import type { JsonObject } from '../lib/json.ts';
import { neverForwarded } from '../providers/request-allowlist.ts';
import type { TokenIdentity } from '../tokens/token.ts';

/** A session as it was admitted. */
export interface SessionOrder {
  /** Of the session; its responses are `<requestId>_1` and so on. */
  requestId: string;
  /** The API of the session. */
  format: 'openai' | 'gemini';
  /** The endpoint's name in the log; Gemini's upstreams have the same. */
  endpoint: string;
  identity: TokenIdentity;
  ip: string | null;
  /** As the caller names it, an alias too; null if the client's first frame will name it. */
  model: string | null;
  /** Other models, from `x-relay-fallback`. */
  fallback: readonly string[];
  intent: 'conversation' | 'transcription';
  /** Set by an ephemeral secret: the session may not change its model, and begins with these settings. */
  bound: { settings: JsonObject } | null;
  /** The caller's headers that may go to some upstream; the channel's allowlist decides (connect.ts). */
  headers: Record<string, string>;
  /** The subprotocol to echo, or null if none was offered, or only credentials. */
  protocol: string | null;
  startedAtMs: number;
}

/** Characters of the caller's headers in an order, which itself is sent in a header. */
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

/** The endpoint of OpenAI's sessions in the log. */
export const realtimePath = '/v1/realtime';
