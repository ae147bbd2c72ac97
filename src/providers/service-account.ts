// A Google Cloud service account's key: the JSON file from the console, reduced to what signing needs. Pure.
// https://cloud.google.com/iam/docs/keys-create-delete (2026-11).

/** What signing needs. */
export interface ServiceAccount {
  email: string;
  /** PKCS #8, PEM. */
  privateKey: string;
  privateKeyId: string | null;
  projectId: string | null;
  tokenUri: string;
}

const usualTokenUri = 'https://oauth2.googleapis.com/token';

/** Returns null if the key is not such a file (an API key, for example). */
export function readServiceAccount(key: string): ServiceAccount | null {
  const json = objectIn(key);
  if (json === null) return null;
  const text = (name: string) => (typeof json[name] === 'string' && json[name] !== '' ? json[name] : null);
  const [email, privateKey] = [text('client_email'), text('private_key')];
  if (email === null || privateKey === null) return null;
  return {
    email,
    privateKey,
    privateKeyId: text('private_key_id'),
    projectId: text('project_id'),
    tokenUri: text('token_uri') ?? usualTokenUri,
  };
}

/** Returns what is wrong with a key of Vertex, in words for its operator, or null. */
export function faultOfVertexKey(key: string): string | null {
  if (!key.startsWith('{')) return null;
  const account = readServiceAccount(key);
  if (account === null)
    return 'must be the JSON of a service account, with `client_email` and `private_key`, or an API key';
  if (!account.privateKey.includes('-----BEGIN PRIVATE KEY-----'))
    return '`private_key` is no PEM of PKCS #8';
  return /^https?:$/.test(URL.parse(account.tokenUri)?.protocol ?? '') ? null : '`token_uri` is no address';
}

/** Reduces a service account's file to what signing needs. Other keys stay unchanged. */
export function minimalKey(key: string): string {
  const account = readServiceAccount(key);
  if (account === null) return key;
  return JSON.stringify({
    type: 'service_account',
    client_email: account.email,
    private_key: account.privateKey,
    private_key_id: account.privateKeyId ?? undefined,
    project_id: account.projectId ?? undefined,
    token_uri: account.tokenUri,
  });
}

function objectIn(text: string): Record<string, unknown> | null {
  if (!text.startsWith('{')) return null;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}
