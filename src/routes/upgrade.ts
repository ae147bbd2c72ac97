// `Upgrade: websocket`, and which paths have a WebSocket.
import { RelayError } from '../lib/relay-error.ts';
import { errorFormatOfPath } from './models.ts';
import { canonicalPath, hasSocket, pathOf } from './paths.ts';
import { withErrorHandling } from './relay-route.ts';

/**
 * Whether a request asks for a WebSocket. Any other upgrade is ignored, as RFC 9110 section 7.8 allows: Java's HttpClient offers h2c with
 * every request to a plain-http address.
 */
export function isSocketRequest({ headers }: Request): boolean {
  const upgrade = headers.get('upgrade');
  return upgrade !== null && /(^|,)\s*websocket\s*(,|$)/i.test(upgrade);
}

/**
 * Returns the refusal of a socket on a path that has none; null: the path has one. Codex uses HTTP at once after a 426, and reconnects
 * for seconds after any other status (https://github.com/openai/codex, codex-rs/core/src/client.rs, 2026-11).
 */
export function refuseSocket(request: Request): Promise<Response> | null {
  if (hasSocket(canonicalPath(pathOf(request.url)))) return null;
  const message = 'This path has no WebSocket. Send the request without `Upgrade: websocket`.';
  return withErrorHandling(errorFormatOfPath(request), request, () =>
    Promise.reject(new RelayError('upgrade_required', message)),
  );
}
