// Imitates as much of Cloudflare's API as a deployment needs: it stores what is created, counts it, and fails on
// demand.
import { createServer, type IncomingMessage } from 'node:http';

/** A binding of a Worker as an upload names it and as Cloudflare stores it. */
export interface ImitatedBinding {
  readonly name: string;
  readonly type: string;
  readonly text?: string;
  readonly [name: string]: unknown;
}

export interface Upload {
  readonly metadata: {
    bindings: ImitatedBinding[];
    /** Steps that create, rename or delete Durable Object classes, from one tag to another. */
    migrations?: { new_tag: string; steps: unknown[] };
  };
  /** Texts of all ES modules by name; their imports name one another. */
  readonly modules: ReadonlyMap<string, string>;
  /** Its bindings as Cloudflare stores them: inherited ones are resolved. Secrets are separate. */
  readonly bound: readonly ImitatedBinding[];
}

export interface CloudflareImitation {
  readonly url: string;
  readonly calls: string[];
  /** Names by id. */
  readonly databases: Map<string, string>;
  /** Titles by id. */
  readonly namespaces: Map<string, string>;
  readonly uploads: Upload[];
  /** Numbers of the uploads that served, in order; the last one serves. The first upload is 1. */
  readonly served: number[];
  /** The Worker's current bindings by name; secrets are separate. */
  readonly bindings: Map<string, ImitatedBinding>;
  readonly secrets: Map<string, string>;
  readonly domains: string[];
  /** How often each secret arrived. */
  readonly secretPuts: string[];
  /** Tag of the last migration of Durable Object classes; null without one. */
  migrationTag: string | null;
  /** Whether the account has the Worker. */
  hasWorker: boolean;
  /** Matching calls are answered with a 500 from now on; null for none. */
  failing: RegExp | null;
  close(): Promise<void>;
}

export const imitatedAccount = 'a'.repeat(32);

/** Starts the imitation on a free port; wrangler finds it through CLOUDFLARE_API_BASE_URL. */
export async function startCloudflareImitation(): Promise<CloudflareImitation> {
  const imitation: CloudflareImitation = {
    url: '',
    calls: [],
    databases: new Map(),
    namespaces: new Map(),
    uploads: [],
    served: [],
    bindings: new Map(),
    secrets: new Map(),
    domains: [],
    secretPuts: [],
    migrationTag: null,
    hasWorker: false,
    failing: null,
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
  const server = createServer((incoming, outgoing) => {
    answer(imitation, incoming)
      .catch((error: unknown) => failure(500, 10_000, String(error)))
      .then(({ status, body }) => {
        outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return Object.assign(imitation, { url: `http://127.0.0.1:${port}` });
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

type Handle = (
  imitation: CloudflareImitation,
  body: Buffer,
  match: RegExpExecArray,
  headers: Headers,
) => Reply | Promise<Reply>;

async function answer(imitation: CloudflareImitation, incoming: IncomingMessage): Promise<Reply> {
  const url = new URL(incoming.url ?? '/', 'http://imitation');
  const call = `${incoming.method} ${url.pathname.replace(`/accounts/${imitatedAccount}`, '')}`;
  const parts: Buffer[] = [];
  for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part);
  imitation.calls.push(call);
  if (imitation.failing?.test(call)) return failure(500, 7500, 'the imitation fails on purpose');
  if (incoming.headers.authorization !== 'Bearer imitated-api-token')
    return failure(403, 9109, 'Invalid access token');
  const page = Number(url.searchParams.get('page') ?? 1);
  for (const [pattern, handle] of routes) {
    const match = pattern.exec(call);
    if (match === null) continue;
    if (page > 1) return success([]);
    const headers = new Headers({ 'content-type': incoming.headers['content-type'] ?? '' });
    return await handle(imitation, Buffer.concat(parts), match, headers);
  }
  return failure(404, 7003, `no route for ${call}`);
}

const routes: readonly (readonly [RegExp, Handle])[] = [
  [
    /^GET \/(memberships|accounts)$/,
    () =>
      success([
        { id: imitatedAccount, name: 'Imitation', account: { id: imitatedAccount, name: 'Imitation' } },
      ]),
  ],
  [/^GET \/user\/tokens\/verify$/, () => success({ id: 'token', status: 'active' })],
  [/^GET \/user$/, () => success({ id: 'user', email: 'someone@example.com' })],
  [
    /^GET \/d1\/database$/,
    ({ databases }) => success([...databases].map(([uuid, name]) => ({ uuid, name }))),
  ],
  [/^POST \/d1\/database$/, createDatabase],
  [/^GET \/d1\/database\/([^/]+)$/, getDatabase],
  [
    /^GET \/storage\/kv\/namespaces$/,
    ({ namespaces }) => success([...namespaces].map(([id, title]) => ({ id, title }))),
  ],
  [/^POST \/storage\/kv\/namespaces$/, createNamespace],
  [/^GET \/workers\/scripts\/([^/]+)\/secrets$/, listSecrets],
  [/^GET \/workers\/services\/([^/]+)$/, getService],
  [/^PUT \/workers\/scripts\/([^/]+)$/, putScript],
  [/^POST \/workers\/scripts\/[^/]+\/versions$/, createVersion],
  [
    /^POST \/workers\/scripts\/([^/]+)\/assets-upload-session$/,
    () => success({ jwt: 'assets-jwt', buckets: [] }),
  ],
  [/^GET \/workers\/subdomain$/, () => success({ subdomain: 'imitated' })],
  [
    /^(GET|POST) \/workers\/scripts\/([^/]+)\/subdomain$/,
    () => success({ enabled: true, previews_enabled: true }),
  ],
  [/^GET \/workers\/workers\/([^/]+)$/, getAddress],
  [/^PATCH \/workers\/scripts\/[^/]+\/secrets-bulk$/, patchSecrets],
  [/^PUT \/workers\/scripts\/[^/]+\/secrets$/, putSecret],
  [/^DELETE \/workers\/scripts\/[^/]+\/secrets\/(\w+)$/, deleteSecret],
  [/^GET \/workers\/scripts\/[^/]+\/settings$/, getSettings],
  [/^(GET|PATCH) \/workers\/scripts\/[^/]+\/(settings|script-settings)$/, () => success({ tags: [] })],
  [/^PUT \/workers\/scripts\/([^/]+)\/schedules$/, () => success({ schedules: [] })],
  [/^GET \/workers\/scripts\/([^/]+)\/deployments$/, listDeployments],
  [/^POST \/workers\/scripts\/([^/]+)\/deployments$/, createDeployment],
  [/^GET \/workers\/scripts\/([^/]+)\/versions\/([^/]+)$/, getVersion],
  [/^(GET|PUT|POST) \/workers\/(scripts|services)\/.*\/domains\/(changeset|records).*$/, putDomains],
];

function createDatabase({ databases }: CloudflareImitation, body: Buffer): Reply {
  const { name } = JSON.parse(body.toString()) as { name: string };
  if ([...databases.values()].includes(name)) return failure(400, 7502, 'name is taken');
  const uuid = crypto.randomUUID();
  databases.set(uuid, name);
  return success({ uuid, name, version: 'production', created_at: new Date().toISOString() });
}

/** Finds it by id or by name. */
function getDatabase(
  { databases }: CloudflareImitation,
  _body: Buffer,
  [, idOrName]: RegExpExecArray,
): Reply {
  const found = [...databases].find((entry) => entry.includes(idOrName ?? ''));
  return found ? success({ uuid: found[0], name: found[1] }) : failure(404, 7404, 'no such database');
}

const noWorker = failure(404, 10_007, 'This Worker does not exist on your account.');

function getSettings({ hasWorker, bindings }: CloudflareImitation): Reply {
  return !hasWorker ? noWorker : success({ tags: [], bindings: [...bindings.values()] });
}

/** Lists the newest deployment first. A Worker that this account did not upload has one deployment. */
function listDeployments({ hasWorker, served }: CloudflareImitation): Reply {
  if (!hasWorker) return noWorker;
  const deployments = (served.length === 0 ? [0] : served).map((version, index) => ({
    id: `deployment-${index}`,
    created_on: new Date(index * 1000).toISOString(),
    source: 'wrangler',
    author_email: 'someone@example.com',
    versions: [{ version_id: `version-${version}`, percentage: 100 }],
  }));
  return success({ deployments: deployments.reverse() });
}

function createDeployment(imitation: CloudflareImitation, body: Buffer): Reply {
  const { versions } = JSON.parse(body.toString()) as { versions: { version_id: string }[] };
  const number = Number(versions[0]?.version_id.replace('version-', ''));
  if (imitation.uploads[number - 1] === undefined) return failure(404, 10_007, 'no such version');
  serve(imitation, number);
  return success({ id: `deployment-${imitation.served.length - 1}` });
}

function getVersion(
  { bindings, secrets }: CloudflareImitation,
  _body: Buffer,
  match: RegExpExecArray,
): Reply {
  const secretBindings = [...secrets.keys()].map((name) => ({ name, type: 'secret_text' }));
  return success({
    id: match[2],
    number: Number(match[2]?.replace('version-', '')),
    metadata: {
      created_on: new Date().toISOString(),
      source: 'wrangler',
      author_email: 'someone@example.com',
    },
    resources: { script: {}, script_runtime: {}, bindings: [...bindings.values(), ...secretBindings] },
  });
}

/** Returns the address that wrangler prints, without its port. */
function getAddress({ url }: CloudflareImitation): Reply {
  return success({ subdomain: { enabled: true, previews_enabled: true, url } });
}

function createNamespace({ namespaces }: CloudflareImitation, body: Buffer): Reply {
  const { title } = JSON.parse(body.toString()) as { title: string };
  if ([...namespaces.values()].includes(title)) return failure(400, 10_014, 'title is taken');
  const id = crypto.randomUUID().replaceAll('-', '');
  namespaces.set(id, title);
  return success({ id, title, supports_url_encoding: true });
}

function listSecrets({ hasWorker, secrets }: CloudflareImitation): Reply {
  if (!hasWorker) return noWorker;
  return success([...secrets.keys()].map((name) => ({ name, type: 'secret_text' })));
}

function getService(
  { hasWorker, migrationTag }: CloudflareImitation,
  _body: Buffer,
  match: RegExpExecArray,
): Reply {
  if (!hasWorker) return failure(404, 10_090, 'workers.api.error.service_not_found');
  const tag = migrationTag === null ? {} : { migration_tag: migrationTag };
  const script = { id: match[1], tag: 'tag', tags: [], last_deployed_from: 'wrangler', ...tag };
  return success({ id: match[1], default_environment: { environment: 'production', script } });
}

/** Stores a version, which serves from now on. */
async function putScript(...parameters: Parameters<typeof createVersion>): Promise<Reply> {
  const reply = await createVersion(...parameters);
  if (reply.status === 200) serve(parameters[0], parameters[0].uploads.length);
  return reply;
}

/** Stores a version, which a deployment makes serve. */
async function createVersion(
  imitation: CloudflareImitation,
  body: Buffer,
  _match: RegExpExecArray,
  headers: Headers,
): Promise<Reply> {
  const form = await new Response(new Uint8Array(body), { headers }).formData();
  const metadata = JSON.parse(String(form.get('metadata'))) as Upload['metadata'];
  const missing = metadata.bindings.find(
    ({ name, type }) => type === 'inherit' && !imitation.bindings.has(name),
  );
  if (missing) return failure(400, 10_057, `there is no binding ${missing.name} to inherit`);
  const bound = resolveBindings(imitation, metadata.bindings);
  const number = imitation.uploads.push({ metadata, modules: await modulesOf(form), bound });
  imitation.hasWorker = true;
  imitation.migrationTag = metadata.migrations?.new_tag ?? imitation.migrationTag;
  for (const { name, type, text } of metadata.bindings) {
    if (type !== 'secret_text' || text === undefined) continue;
    imitation.secretPuts.push(name);
    imitation.secrets.set(name, text);
  }
  return success({
    id: `version-${number}`,
    etag: 'etag',
    startup_time_ms: 12,
    deployment_id: 'deployment',
    number,
    metadata: {},
    resources: { script: { etag: 'etag' }, bindings: [], script_runtime: {} },
  });
}

/** Replaces the bindings: a version has only those that it names. */
function serve({ uploads, served, bindings }: CloudflareImitation, number: number): void {
  served.push(number);
  bindings.clear();
  for (const one of uploads[number - 1]?.bound ?? []) bindings.set(one.name, one);
}

async function modulesOf(form: FormData): Promise<Map<string, string>> {
  const modules = new Map<string, string>();
  for (const [name, value] of form)
    if (value instanceof File && /javascript/.test(value.type)) modules.set(name, await value.text());
  return modules;
}

function resolveBindings({ bindings }: CloudflareImitation, uploaded: readonly ImitatedBinding[]) {
  return uploaded
    .flatMap((one) => (one.type === 'inherit' ? (bindings.get(one.name) ?? []) : one))
    .filter(({ type }) => type !== 'secret_text');
}

/** Applies the body of `wrangler secret bulk`, a merge patch. */
function patchSecrets({ secrets, secretPuts }: CloudflareImitation, body: Buffer): Reply {
  const patch = JSON.parse(body.toString()) as { secrets: Record<string, { text: string } | null> };
  for (const [name, secret] of Object.entries(patch.secrets)) {
    if (secret === null) secrets.delete(name);
    else secrets.set(name, secret.text);
    secretPuts.push(name);
  }
  return success({});
}

function putSecret({ secrets, secretPuts }: CloudflareImitation, body: Buffer): Reply {
  const { name, text } = JSON.parse(body.toString()) as { name: string; text: string };
  secrets.set(name, text);
  secretPuts.push(name);
  return success({ name, type: 'secret_text' });
}

function deleteSecret({ secrets }: CloudflareImitation, _body: Buffer, match: RegExpExecArray): Reply {
  return secrets.delete(match[1] ?? '') ? success(null) : failure(404, 10_056, 'no such secret');
}

function putDomains({ domains }: CloudflareImitation, body: Buffer, match: RegExpExecArray): Reply {
  if (match[3] === 'changeset') return success({ added: [], removed: [], updated: [], conflicting: [] });
  const { origins = [] } = JSON.parse(body.toString()) as { origins?: { hostname: string }[] };
  domains.splice(0, domains.length, ...origins.map(({ hostname }) => hostname));
  return success(origins);
}

function success(result: unknown): Reply {
  const count = Array.isArray(result) ? result.length : 1;
  const result_info = { page: 1, per_page: 100, count, total_count: count, total_pages: 1 };
  return { status: 200, body: { success: true, errors: [], messages: [], result, result_info } };
}

function failure(status: number, code: number, message: string): Reply {
  return { status, body: { success: false, errors: [{ code, message }], messages: [], result: null } };
}
