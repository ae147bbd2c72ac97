// Which header carries the token, per format (SPEC section 3): data, and the one reader of it.
import type { ApiFormat } from '../formats/format-id.ts';
import { ephemeralPrefix } from '../realtime/ephemeral.ts';
import { isWellFormedSecret } from '../tokens/secret.ts';

/** Where a credential can stand. */
type Place =
  | 'bearer'
  | 'auth-token'
  | 'x-api-key'
  | 'x-goog-api-key'
  | 'key'
  | 'access_token'
  | 'api-key'
  | 'subprotocol'
  | 'token';

/** Who reads which places, in order; `any` is for the lists of models, `realtime` and `live` for OpenAI's and Gemini's sockets. */
export type CredentialReader = ApiFormat | 'any' | 'realtime' | 'live';

const places: Record<CredentialReader, readonly Place[]> = {
  openai: ['bearer'],
  anthropic: ['x-api-key', 'bearer'],
  gemini: ['x-goog-api-key', 'key', 'bearer'],
  any: ['bearer', 'x-api-key', 'x-goog-api-key', 'key'],
  // A browser's WebSocket can set no header.
  realtime: ['bearer', 'subprotocol', 'token'],
  live: ['x-goog-api-key', 'key', 'access_token', 'bearer', 'auth-token'],
};

const everywhere: readonly Place[] = ['bearer', 'x-api-key', 'x-goog-api-key', 'key', 'api-key'];

const ownHeader: Record<CredentialReader, string> = {
  openai: '`Authorization: Bearer <token>`',
  anthropic: '`x-api-key: <token>`',
  gemini: '`x-goog-api-key: <token>` (or `?key=<token>`)',
  any: '`Authorization: Bearer <token>`',
  realtime:
    '`Authorization: Bearer <token>` (or as the WebSocket subprotocol `openai-insecure-api-key.<token>`, or as `?token=<token>`)',
  live: '`x-goog-api-key: <token>` (or `?key=<token>`, or `?access_token=<token>`)',
};

export type Credential = { outcome: 'found'; secret: string } | { outcome: 'missing'; message: string };

/** The first credential whose checksum is right; else the first of any kind; else why there is none. */
export function readCredential(reader: CredentialReader, headers: Headers, url: string): Credential {
  let first: string | null = null;
  for (const place of places[reader]) {
    for (const given of readPlace(place, headers, url)) {
      if (isWellFormedSecret(given) || (reader === 'realtime' && given.startsWith(ephemeralPrefix)))
        return { outcome: 'found', secret: given };
      first ??= given;
    }
  }
  if (first !== null) return { outcome: 'found', secret: first };
  const elsewhere = everywhere.find((place) => readPlace(place, headers, url).length > 0);
  if (elsewhere === undefined) {
    return {
      outcome: 'missing',
      message: `No API key was given. Send it in the header ${ownHeader[reader]}.`,
    };
  }
  const message = `The API key came in ${nameOf(elsewhere)}, which this endpoint does not read. Send it in the header ${ownHeader[reader]}.`;
  return { outcome: 'missing', message };
}

/** All that stands there: a header that was sent twice comes joined by commas, which no token has. */
function readPlace(place: Place, headers: Headers, url: string): string[] {
  switch (place) {
    case 'bearer':
      return partsOf(headers.get('authorization')).flatMap(
        (part) => /^bearer +(\S+)$/i.exec(part)?.[1] ?? [],
      );
    case 'auth-token':
      // How Google's SDKs say a short-lived token.
      return partsOf(headers.get('authorization')).flatMap((part) => /^token +(\S+)$/i.exec(part)?.[1] ?? []);
    case 'subprotocol':
      return offeredProtocols(headers)
        .filter(isCredential)
        .map((name) => name.slice(credentialProtocol.length))
        .filter((name) => name !== '');
    case 'token':
    case 'access_token':
    case 'key':
      return url.includes(`${place}=`)
        ? new URL(url).searchParams.getAll(place).filter((value) => value !== '')
        : [];
    default:
      return partsOf(headers.get(place));
  }
}

/** The members of a header's list. */
function partsOf(header: string | null): string[] {
  return (header ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** How OpenAI's SDK says a key where it can set no header. */
const credentialProtocol = 'openai-insecure-api-key.';

/** The subprotocols of an upgrade, in the order in which they were offered. */
export function offeredProtocols(headers: Headers): string[] {
  return partsOf(headers.get('sec-websocket-protocol'));
}

/** Whether a subprotocol carries a credential, in whatever case: such a one is never echoed. */
export function isCredential(protocol: string): boolean {
  return protocol.toLowerCase().startsWith(credentialProtocol);
}

function nameOf(place: Place): string {
  if (place === 'bearer') return '`Authorization`';
  return place === 'key' ? '`?key=`' : `the header \`${place}\``;
}
