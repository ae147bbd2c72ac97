// Imitates Google's token endpoint and Vertex AI: assertions are verified with the account's public key, tokens
// expire as stated, and bodies are accepted only in Vertex's format.
import { createPublicKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Handler, Received } from '../../../support/upstream.ts';
import type { Script } from '../matrix/script.ts';
import { generateAnswer, generateStream } from '../matrix/upstream-generate.ts';
import { messagesAnswer, messagesStream } from '../matrix/upstream-messages.ts';
import type { Json } from '../matrix/wire.ts';

export interface Account {
  email: string;
  projectId: string;
  privateKey: string;
  publicKey: string;
  keyId: string;
}

export function newAccount(name: string, projectId: string): Account {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const email = `${name}@${projectId}.iam.gserviceaccount.com`;
  return { email, projectId, privateKey, publicKey, keyId: randomBytes(8).toString('hex') };
}

/** Returns the file that Google's console issues, with its spaces and lines. */
export function fileOf(account: Account, tokenUri: string): string {
  const file = {
    type: 'service_account',
    project_id: account.projectId,
    private_key_id: account.keyId,
    private_key: account.privateKey,
    client_email: account.email,
    client_id: '100000000000000000000',
    auth_uri: 'https://accounts.google.com/o/oauth2/auth',
    token_uri: tokenUri,
    universe_domain: 'googleapis.com',
  };
  return JSON.stringify(file, null, 2);
}

export type VertexAnswer = Script | { refuse: string } | { error: number; status: string; message: string };

export interface VertexOptions {
  accounts: readonly Account[];
  apiKey: string;
  /** Lifetime of tokens in seconds. */
  lifeSeconds: number;
  answer(publisher: string, model: string, body: Json): VertexAnswer;
  /** Returns an error instead of a token; null for a token. */
  signInFailure?(): { status: number; body: Json } | null;
}

interface Issued {
  projectId: string;
  untilMs: number;
}

export interface ImitatedVertex {
  handler: Handler;
  /** Number of tokens issued so far. */
  signIns: number;
  /** Revokes all tokens. */
  revokeAll(): void;
}

export function imitatedVertex(options: VertexOptions): ImitatedVertex {
  const tokens = new Map<string, Issued>();
  const vertex: ImitatedVertex = {
    signIns: 0,
    revokeAll: () => tokens.clear(),
    handler: async (request, response) => {
      if (request.path === '/token') {
        vertex.signIns++;
        return signIn(request, response, options, tokens);
      }
      return serve(request, response, options, tokens);
    },
  };
  return vertex;
}

async function signIn(
  request: Received,
  response: ServerResponse,
  options: VertexOptions,
  tokens: Map<string, Issued>,
): Promise<void> {
  // As slow as a real endpoint, which leaves time for concurrent requests.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const failure = options.signInFailure?.() ?? null;
  if (failure !== null) return send(response, failure.status, failure.body);
  const form = new URLSearchParams(request.body.toString());
  const account = accountOf(form, options.accounts, `http://${request.headers.host}/token`);
  if (typeof account === 'string') {
    return send(response, 400, { error: 'invalid_grant', error_description: account });
  }
  const token = `ya29.${randomBytes(24).toString('base64url')}`;
  tokens.set(token, { projectId: account.projectId, untilMs: Date.now() + options.lifeSeconds * 1_000 });
  return send(response, 200, { access_token: token, expires_in: options.lifeSeconds, token_type: 'Bearer' });
}

/** Returns the issuer of an assertion, or what is wrong with it. */
function accountOf(form: URLSearchParams, accounts: readonly Account[], audience: string): Account | string {
  if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') return 'Wrong grant type.';
  const [head = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.');
  const { alg, kid } = parsed(head);
  const { iss, aud, exp, iat, scope } = parsed(claims);
  const account = accounts.find(({ email }) => email === iss);
  if (account === undefined) return 'Invalid grant: account not found';
  if (alg !== 'RS256' || kid !== account.keyId) return 'Invalid JWT header.';
  const isSigned = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    createPublicKey(account.publicKey),
    Buffer.from(signature, 'base64url'),
  );
  if (!isSigned) return 'Invalid JWT Signature.';
  const now = Date.now() / 1_000;
  if (aud !== audience) return 'Invalid JWT: wrong audience.';
  if (typeof exp !== 'number' || typeof iat !== 'number') return 'Invalid JWT: no times.';
  if (exp < now || exp - iat > 3_600 || Math.abs(iat - now) > 60)
    return 'Invalid JWT: token must be short-lived.';
  return scope === 'https://www.googleapis.com/auth/cloud-platform' ? account : 'Invalid scope.';
}

function parsed(part: string): Json {
  return JSON.parse(Buffer.from(part, 'base64url').toString() || '{}');
}

function serve(
  request: Received,
  response: ServerResponse,
  options: VertexOptions,
  tokens: ReadonlyMap<string, Issued>,
): void {
  const [, project, model, publisher = '', name = '', verb = ''] =
    /^\/v1(?:\/projects\/([^/]+)\/locations\/[^/]+)?(\/publishers\/([a-z]+)\/models\/([^:?]+)):([A-Za-z]+)/.exec(
      request.path,
    ) ?? [];
  if (!isLetIn(request, project ?? null, options, tokens)) {
    const message = 'Request had invalid authentication credentials.';
    send(response, 401, { error: { code: 401, message, status: 'UNAUTHENTICATED' } });
  } else if (model === undefined) sendList(request, response);
  else serveModel(request, response, { publisher, name, verb }, options);
}

interface Method {
  publisher: string;
  name: string;
  verb: string;
}

function serveModel(
  request: Received,
  response: ServerResponse,
  method: Method,
  options: VertexOptions,
): void {
  const { publisher, name, verb } = method;
  const body: Json = JSON.parse(request.body.toString());
  const wrong = publisher === 'anthropic' ? faultOfClaude(body, name, request) : faultOfGemini(body);
  const answer = wrong === null ? options.answer(publisher, name, body) : { refuse: wrong };
  if (name === 'count-tokens' && wrong === null) send(response, 200, { input_tokens: 42 });
  else if (verb === 'countTokens' && wrong === null) send(response, 200, { totalTokens: 42 });
  else if ('error' in answer) {
    const { error: code, status, message } = answer;
    send(response, code, { error: { code, message, status } });
  } else if ('refuse' in answer) send(response, 400, refusalOf(publisher, answer.refuse));
  else sendAnswer(response, publisher, verb, answer);
}

/** Returns an error in the publisher's own format. */
function refusalOf(publisher: string, message: string): Json {
  return publisher === 'anthropic'
    ? { type: 'error', error: { type: 'invalid_request_error', message } }
    : { error: { code: 400, message, status: 'INVALID_ARGUMENT' } };
}

function isLetIn(
  { headers }: Received,
  project: string | null,
  options: VertexOptions,
  tokens: ReadonlyMap<string, Issued>,
): boolean {
  if (headers['x-goog-api-key'] !== undefined) {
    return headers['x-goog-api-key'] === options.apiKey && project === null;
  }
  const issued = tokens.get((headers.authorization ?? '').replace('Bearer ', ''));
  return issued !== undefined && issued.untilMs > Date.now();
}

function faultOfClaude(body: Json, name: string, { headers }: Received): string | null {
  if (body.anthropic_version !== 'vertex-2023-10-16') return 'anthropic_version: Field required';
  if (headers['anthropic-version'] !== undefined) return 'the version belongs into the body';
  if (name === 'count-tokens') return typeof body.model === 'string' ? null : 'model: Field required';
  return 'model' in body ? 'model: Extra inputs are not permitted' : null;
}

/** Returns the fault that Vertex's gateway finds: it has no ids of calls, and refuses content without a role. */
function faultOfGemini({ contents }: Json): string | null {
  for (const [index, { role, parts }] of (contents as Json[]).entries()) {
    if (role !== 'user' && role !== 'model') return 'Please use a valid role: user, model.';
    for (const part of parts as Json[]) {
      if (part.functionCall?.id !== undefined || part.functionResponse?.id !== undefined) {
        return `Invalid JSON payload received. Unknown name "id" at 'contents[${index}].parts[0].function_call': Cannot find field.`;
      }
    }
  }
  return null;
}

function sendAnswer(response: ServerResponse, publisher: string, verb: string, script: Script): void {
  const isClaude = publisher === 'anthropic';
  if (verb === 'rawPredict' || verb === 'generateContent') {
    send(response, 200, isClaude ? messagesAnswer(script) : (generateAnswer(script) as Json));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(isClaude ? messagesStream(script) : generateStream(script));
}

/** Sends Model Garden's lists, Google's over two pages. */
function sendList({ path }: Received, response: ServerResponse): void {
  const listed = (...names: string[]) => names.map((name) => ({ name }));
  const pages: Record<string, Json> = {
    '/v1beta1/publishers/google/models?pageSize=100': {
      publisherModels: listed('publishers/google/models/gemini-2.5-flash'),
      nextPageToken: 'two',
    },
    '/v1beta1/publishers/google/models?pageSize=100&pageToken=two': {
      publisherModels: listed('publishers/google/models/gemini-3-pro-preview'),
    },
    '/v1beta1/publishers/anthropic/models?pageSize=100': {
      publisherModels: listed('publishers/anthropic/models/claude-sonnet-4-5'),
    },
  };
  const page = pages[path];
  send(response, page === undefined ? 404 : 200, page ?? { error: { code: 404 } });
}

function send(response: ServerResponse, status: number, body: Json): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
