// Any base URL works: the bare address, `/v1`, `/v1beta`, with or without a trailing slash. The path gets one canonical form.
import { formats } from '../formats/registry.ts';

const apiRoots = new Set([
  'chat',
  'completions',
  'responses',
  'embeddings',
  'moderations',
  'audio',
  'images',
  'rerank',
  'realtime',
  'messages',
  'models',
]);

/** Paths of endpoints, all of which take POST. They are canonical already, so the ordinary request needs no parsing. */
const fixedPaths: ReadonlySet<string> = new Set(formats.fixedEndpoints.map(({ path }) => path));

/** Paths of the endpoints for a token's holder (token-info/), all of which take GET. */
export const tokenInfoPaths = [
  '/v1/key',
  '/v1/auth/key',
  '/v1/credits',
  '/v1/generation',
  '/v1/dashboard/billing/subscription',
  '/v1/dashboard/billing/usage',
  '/api/usage/token',
] as const;

export type TokenInfoPath = (typeof tokenInfoPaths)[number];

const versions = new Set(['v1', 'v1beta', 'v1alpha']);

/**
 * Returns the canonical path of a request path: `/v1/…` for model endpoints and those of a token's holder, however many or few
 * version prefixes and slashes it came with; others only lose repeated and trailing slashes. `%3A` is read as a colon.
 */
export function canonicalPath(path: string): string {
  if (fixedPaths.has(path)) return path;
  const segments = path
    .replace(/%3A/gi, ':')
    .split('/')
    .filter((segment) => segment !== '');
  let first = 0;
  while (versions.has(segments[first] ?? '')) first += 1;
  const root = segments[first] ?? '';
  if (root === 'v2' && segments[first + 1] === 'rerank') return '/v1/rerank';
  // Gemini's Live API has its version in the name of its method.
  if (root === 'ws') return `/${segments.slice(first).join('/')}`;
  if (!apiRoots.has(root)) return tokenInfoPath(segments.slice(first)) ?? `/${segments.join('/')}`;
  return `/v1/${segments.slice(first).join('/')}`;
}

function tokenInfoPath(segments: readonly string[]): TokenInfoPath | null {
  const path = segments.join('/');
  return tokenInfoPaths.find((known) => known === `/v1/${path}` || known === `/${path}`) ?? null;
}

/** Returns the path of an absolute URL, without the cost of parsing the whole. */
export function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3);
  const end = url.slice(start).search(/[?#]/);
  return start < 0 ? '/' : end < 0 ? url.slice(start) : url.slice(start, start + end);
}

/** Returns whether the path asks for Gemini's API by its version prefix; decides only the format of errors. */
export function isGeminiPath(path: string): boolean {
  return /\/v1(alpha|beta)(\/|$)|^\/ws\//.test(path) || /:[a-zA-Z]+$/.test(path.replace(/%3A/gi, ':'));
}

/** A method of a model in Gemini's API. */
const methodOfModel = new RegExp(`^/v1/models/.+:(${[...formats.modelMethods.keys()].join('|')})$`);

/** Paths that are WebSockets. */
const sockets: readonly RegExp[] = [
  /^\/v1\/realtime$/,
  /^\/ws\/google\.ai\.generativelanguage\.v1(alpha|beta)?\.GenerativeService\.BidiGenerateContent(Constrained)?$/,
];

/** Returns whether a canonical path is a WebSocket. */
export function hasSocket(path: string): boolean {
  return sockets.some((pattern) => pattern.test(path));
}

const patterns: readonly [path: RegExp, methods: readonly string[]][] = [
  ...sockets.map((path): [RegExp, readonly string[]] => [path, ['GET']]),
  [/^\/v1\/realtime\/(client_secrets|sessions)$/, ['POST']],
  [new RegExp(`^(${tokenInfoPaths.join('|')})$`), ['GET', 'HEAD']],
  [/^\/v1\/models$/, ['GET', 'HEAD']],
  [methodOfModel, ['POST']],
  [/^\/v1\/models\/.+$/, ['GET', 'HEAD']],
  [/^\/v1\/responses\/[^/]+$/, ['GET', 'HEAD', 'DELETE']],
  [/^\/v1\/responses\/[^/]+\/cancel$/, ['POST']],
  [/^\/v1\/responses\/[^/]+\/input_items$/, ['GET', 'HEAD']],
];

/** Returns the methods of a canonical path, or none if there is no such path. */
export function methodsOf(path: string): readonly string[] {
  if (fixedPaths.has(path)) return ['POST'];
  return patterns.find(([pattern]) => pattern.test(path))?.[1] ?? [];
}

/** Returns whether a canonical path names a model. Names may contain colons: only Gemini's methods are not part of it. */
export function namesModel(path: string): boolean {
  return !methodOfModel.test(path);
}
