// Paths of the model endpoints and their methods, as data for 404 and 405 responses.
import { formats } from '../formats/registry.ts';

const fixedPaths: ReadonlySet<string> = new Set(formats.fixedEndpoints.map(({ path }) => path));

/** A method of a model in Gemini's API. */
const methodOfModel = new RegExp(`^/v1/models/.+:(${[...formats.modelMethods.keys()].join('|')})$`);

/** Paths that are WebSockets. */
const sockets: readonly RegExp[] = [
  /^\/v1\/realtime$/,
  /^\/ws\/google\.ai\.generativelanguage\.v1(alpha|beta)?\.GenerativeService\.BidiGenerateContent(Constrained)?$/,
];

/** Whether a canonical path is a WebSocket. */
export function hasSocket(path: string): boolean {
  return sockets.some((pattern) => pattern.test(path));
}

const patterns: readonly [path: RegExp, methods: readonly string[]][] = [
  ...sockets.map((path): [RegExp, readonly string[]] => [path, ['GET']]),
  [/^\/v1\/realtime\/(client_secrets|sessions)$/, ['POST']],
  [/^\/v1\/models$/, ['GET', 'HEAD']],
  [methodOfModel, ['POST']],
  [/^\/v1\/models\/.+$/, ['GET', 'HEAD']],
  [/^\/v1\/responses\/[^/]+$/, ['GET', 'HEAD', 'DELETE']],
  [/^\/v1\/responses\/[^/]+\/cancel$/, ['POST']],
  [/^\/v1\/responses\/[^/]+\/input_items$/, ['GET', 'HEAD']],
];

/** The methods that a canonical path has; empty when there is no such path. */
export function methodsOf(path: string): readonly string[] {
  if (fixedPaths.has(path)) return ['POST'];
  return patterns.find(([pattern]) => pattern.test(path))?.[1] ?? [];
}

/** Whether a canonical path names a model. Names may contain colons: what is not a method of Gemini's belongs to the name. */
export function namesModel(path: string): boolean {
  return !methodOfModel.test(path);
}
