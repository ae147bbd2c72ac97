// The charge of one request, made with a new token against an upstream that the test plays.
import type { OpenRelay, Reply, Upstream } from '../routes/open-relay.ts';

export interface ChargedRequest {
  path: string;
  body?: object | FormData;
  method?: string;
  headers?: Record<string, string>;
  /** Fields of the token. */
  token?: object;
}

/** The response, and what the token's ledger charged for it, in nano-USD. */
export async function chargeOf(
  relay: OpenRelay,
  { path, body, method = 'POST', headers = {}, token: fields = {} }: ChargedRequest,
  upstream: Upstream,
): Promise<Reply & { nanoUsd: number; tokenId: string }> {
  relay.upstream = upstream;
  const { id, token } = await relay.token(fields);
  const isForm = body instanceof FormData;
  const reply = await relay.fetch(path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(!isForm && body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
  });
  return { ...reply, nanoUsd: await spentBy(relay, id), tokenId: id };
}

export async function spentBy(relay: OpenRelay, tokenId: string): Promise<number> {
  const { body } = await relay.manage('GET', `/tokens/${tokenId}`);
  return Math.round(body.spent_usd * 1e9);
}

/** Returns a stream of server-sent events with these objects and OpenAI's terminator. */
export function eventsOf(values: readonly object[], terminator = 'data: [DONE]\n\n'): string {
  return values.map((value) => `data: ${JSON.stringify(value)}\n\n`).join('') + terminator;
}

/** Returns a response with that content type; null sends none. */
export function responseOfType(
  text: string | Uint8Array<ArrayBuffer>,
  type: string | null,
  headers = {},
): Response {
  const response = new Response(text, {
    headers: { ...(type !== null && { 'content-type': type }), ...headers },
  });
  if (type === null) response.headers.delete('content-type');
  return response;
}
