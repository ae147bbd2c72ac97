// Keys of Amazon Bedrock: AWS credentials, which sign each request (Signature Version 4, by aws4fetch), or a
// Bedrock API key, which is sent. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html and
// https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html (2026-11).
import type { ChannelSettings } from './channel-settings.ts';
import type { UpstreamRequest } from './provider.ts';

/** A key as an operator enters it. */
export type AwsKey =
  | { kind: 'credentials'; accessKeyId: string; secretAccessKey: string; sessionToken: string | undefined }
  | { kind: 'bearer'; token: string };

/** Parses `ACCESS_KEY_ID:SECRET_ACCESS_KEY[:SESSION_TOKEN]`. Text without a colon is a Bedrock API key. */
export function readAwsKey(key: string): AwsKey {
  const [accessKeyId = '', secretAccessKey, sessionToken] = key.split(':');
  if (secretAccessKey === undefined) return { kind: 'bearer', token: key };
  return { kind: 'credentials', accessKeyId, secretAccessKey, sessionToken };
}

/** Returns what is wrong with a key, in words for its operator, or null. */
export function faultOfAwsKey(key: string): string | null {
  if (/^[\x21-\x7e]+$/.test(key) && !key.includes(':')) return null;
  return /^[A-Z0-9]{16,128}:[A-Za-z0-9/+=]{16,}(:[A-Za-z0-9/+=]+)?$/.test(key)
    ? null
    : 'must be `ACCESS_KEY_ID:SECRET_ACCESS_KEY`, with `:SESSION_TOKEN` where there is one, or a Bedrock API key';
}

/** Returns the region in the name of one of Bedrock's own hosts, or null. */
export function regionOfHost(baseUrl: string): string | null {
  const host = URL.parse(baseUrl)?.hostname ?? '';
  return /^bedrock(?:-runtime)?(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/.exec(host)?.[1] ?? null;
}

export function authorizeForAws(
  request: UpstreamRequest,
  text: string,
  { region }: ChannelSettings,
): Promise<null> | undefined {
  const key = readAwsKey(text);
  if (key.kind === 'credentials') return sign(request, key, region ?? regionOfHost(request.url) ?? '');
  request.headers.set('authorization', `Bearer ${key.token}`);
}

/**
 * Signs only what is required: host, date, session. Other headers may change on the way (the edge rewrites
 * `accept-encoding`), and a changed signed header breaks the signature.
 */
async function sign(
  { url, method, headers, body }: UpstreamRequest,
  { accessKeyId, secretAccessKey, sessionToken }: Extract<AwsKey, { kind: 'credentials' }>,
  region: string,
): Promise<null> {
  const { AwsV4Signer } = await import('aws4fetch');
  const signer = new AwsV4Signer({
    url,
    method,
    body: body as ArrayBuffer | string | null,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    service: 'bedrock',
    region,
  });
  const signed = await signer.sign();
  for (const [name, value] of signed.headers) headers.set(name, value);
  return null;
}
