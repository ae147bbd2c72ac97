// Which header contains the token, for each format: data, and its one reader.
import type { ApiFormat } from '../formats/format-id.ts';
import { ephemeralPrefix } from '../realtime/ephemeral.ts';
import { isWellFormedSecret } from '../tokens/secret.ts';

/** The location of a credential. */
type CredentialLocation =
  | 'bearer'
  | 'auth-token'
  | 'x-api-key'
  | 'x-goog-api-key'
  | 'key'
  | 'access_token'
  | 'api-key'
  | 'subprotocol'
  | 'token';

/** Who reads which locations, in order; `any` is for the lists of models, `realtime` and `live` for OpenAI's and Gemini's sockets. */
export type CredentialReader = ApiFormat | 'any' | 'realtime' | 'live';

const locations: Record<CredentialReader, readonly CredentialLocation[]> = {
  openai: ['bearer'],
  anthropic: ['x-api-key', 'bearer'],
  gemini: ['x-goog-api-key', 'key', 'bearer'],
  any: ['bearer', 'x-api-key', 'x-goog-api-key', 'key'],
  // A browser's WebSocket can set no header.
  realtime: ['bearer', 'subprotocol', 'token'],
  live: ['x-goog-api-key', 'key', 'access_token', 'bearer', 'auth-token'],
};

const everywhere: readonly CredentialLocation[] = ['bearer', 'x-api-key', 'x-goog-api-key', 'key', 'api-key'];

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

/** Returns the first credential whose checksum is right, else the first of any kind, else why there is none. */
export function readCredential(reader: CredentialReader, headers: Headers, url: string): Credential {
  let first: string | null = null;
  for (const location of locations[reader]) {
    for (const given of readLocation(location, headers, url)) {
      if (isWellFormedSecret(given) || (reader === 'realtime' && given.startsWith(ephemeralPrefix)))
        return { outcome: 'found', secret: given };
      first ??= given;
    }
  }
  if (first !== null) return { outcome: 'found', secret: first };
  const elsewhere = everywhere.find((location) => readLocation(location, headers, url).length > 0);
  if (elsewhere === undefined) {
    return {
      outcome: 'missing',
      message: `No API key was given. Send it in the header ${ownHeader[reader]}.`,
    };
  }
  const message = `The API key came in ${nameOf(elsewhere)}, which this endpoint does not read. Send it in the header ${ownHeader[reader]}.`;
  return { outcome: 'missing', message };
}

/** Returns every value at a location: a header that was sent twice is joined by commas, which no token has. */
function readLocation(location: CredentialLocation, headers: Headers, url: string): string[] {
  switch (location) {
    case 'bearer':
      return partsOf(headers.get('authorization')).flatMap(
        (part) => /^bearer +(\S+)$/i.exec(part)?.[1] ?? [],
      );
    case 'auth-token':
      // How Google's SDKs send a short-lived token.
      return partsOf(headers.get('authorization')).flatMap((part) => /^token +(\S+)$/i.exec(part)?.[1] ?? []);
    case 'subprotocol':
      return offeredProtocols(headers)
        .filter(isCredential)
        .map((name) => name.slice(credentialProtocol.length))
        .filter((name) => name !== '');
    case 'token':
    case 'access_token':
    case 'key':
      return url.includes(`${location}=`)
        ? new URL(url).searchParams.getAll(location).filter((value) => value !== '')
        : [];
    default:
      return partsOf(headers.get(location));
  }
}

/** Returns the members of a header's list. */
function partsOf(header: string | null): string[] {
  return (header ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** How OpenAI's SDK sends a key if it cannot set a header. */
const credentialProtocol = 'openai-insecure-api-key.';

/** Returns the subprotocols of an upgrade, in the order in which they were offered. */
export function offeredProtocols(headers: Headers): string[] {
  return partsOf(headers.get('sec-websocket-protocol'));
}

/** Whether a subprotocol contains a credential, in either case: it is never echoed. */
export function isCredential(protocol: string): boolean {
  return protocol.toLowerCase().startsWith(credentialProtocol);
}

function nameOf(location: CredentialLocation): string {
  if (location === 'bearer') return '`Authorization`';
  return location === 'key' ? '`?key=`' : `the header \`${location}\``;
}
