// Verifies AWS's Signature Version 4 with the secret and without a library.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Received } from '../../../support/upstream.ts';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();

/** Returns null if it is valid, else the name of AWS's error. */
export function faultOfSignature(request: Received, credentials: Credentials, region: string): string | null {
  const { headers } = request;
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? '',
    );
  if (parts === null) return 'MissingAuthenticationTokenException';
  const [, scopeText = '', signedNames = '', signature = ''] = parts;
  const [id, ...scope] = scopeText.split('/');
  const moment = String(headers['x-amz-date']);
  if (id !== credentials.accessKeyId) return 'UnrecognizedClientException';
  if (headers['x-amz-security-token'] !== credentials.sessionToken) return 'UnrecognizedClientException';
  if (scope.join('/') !== `${moment.slice(0, 8)}/${region}/bedrock/aws4_request`)
    return 'SignatureDoesNotMatch';
  if (Math.abs(timeOf(moment) - Date.now()) > 300_000) return 'SignatureDoesNotMatch';
  if (!signedNames.split(';').includes('host')) return 'SignatureDoesNotMatch';
  const toSign = ['AWS4-HMAC-SHA256', moment, scope.join('/'), sha256(canonical(request, signedNames))].join(
    '\n',
  );
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`);
  const expected = hmac(key, toSign).toString('hex');
  return timingSafeEqual(Buffer.from(expected), Buffer.from(signature)) ? null : 'SignatureDoesNotMatch';
}

/** Returns the canonical request. The path is encoded once more than it was sent, as for every service except S3. */
function canonical({ method, path, headers, body }: Received, signedNames: string): string {
  const [pathname = '', query = ''] = path.split('?');
  const uri = pathname.split('/').map(strictlyEncoded).join('/');
  const parameters = query
    .split('&')
    .filter((one) => one !== '')
    .map((one) => (one.includes('=') ? one : `${one}=`))
    .sort()
    .join('&');
  const lines = signedNames.split(';').map((name) => `${name}:${String(headers[name] ?? '').trim()}\n`);
  return [method, uri, parameters, lines.join(''), signedNames, sha256(body)].join('\n');
}

function strictlyEncoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** `20261124T221500Z`. */
function timeOf(moment: string): number {
  return Date.parse(moment.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}
