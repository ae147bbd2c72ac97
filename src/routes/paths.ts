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
/** The ordinary case, which needs no parsing. */
const canonicalAlready: ReadonlySet<string> = new Set(formats.fixedEndpoints.map(({ path }) => path));
const versions = new Set(['v1', 'v1beta', 'v1alpha']);

/**
 * The canonical path of a request path: `/v1/…` for model endpoints, however many or few version prefixes
 * and slashes it came with; others only lose repeated and trailing slashes. `%3A` is read as a colon.
 */
export function canonicalPath(path: string): string {
  if (canonicalAlready.has(path)) return path;
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
  if (!apiRoots.has(root)) return `/${segments.join('/')}`;
  return `/v1/${segments.slice(first).join('/')}`;
}

/** Returns the path of an absolute URL, without the cost of parsing the whole. */
export function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3);
  const end = url.slice(start).search(/[?#]/);
  return start < 0 ? '/' : end < 0 ? url.slice(start) : url.slice(start, start + end);
}

/** Whether the path asks for Gemini's API by its version prefix; decides only the format of errors. */
export function isGeminiPath(path: string): boolean {
  return /\/v1(alpha|beta)(\/|$)|^\/ws\//.test(path) || /:[a-zA-Z]+$/.test(path.replace(/%3A/gi, ':'));
}
