// Base URLs are forgiven (SPEC section 4): whatever an SDK made of the address that it was given, the path
// comes out in one canonical form.

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
const versions = new Set(['v1', 'v1beta']);

/**
 * The canonical path of a request path: `/v1/…` for model endpoints, however many or few version prefixes
 * and slashes it came with; others only lose repeated and trailing slashes. `%3A` is read as a colon.
 */
export function canonicalPath(path: string): string {
  const segments = path
    .replace(/%3A/gi, ':')
    .split('/')
    .filter((segment) => segment !== '');
  let first = 0;
  while (versions.has(segments[first] ?? '')) first += 1;
  const root = segments[first] ?? '';
  if (root === 'v2' && segments[first + 1] === 'rerank') return '/v1/rerank';
  if (!apiRoots.has(root)) return `/${segments.join('/')}`;
  return `/v1/${segments.slice(first).join('/')}`;
}

/** Whether the path asks for Gemini's API by its version prefix; decides only the shape of errors. */
export function isGeminiPath(path: string): boolean {
  return /\/v1beta(\/|$)/.test(path) || /:[a-zA-Z]+$/.test(path.replace(/%3A/gi, ':'));
}
