// How a session ends: which code and reason either side is closed with. RFC 6455 section 7.4, and what OpenAI's own
// sessions do. The bridge does the closing.
import type { RelayErrorCode } from '../lib/relay-error.ts';

/** A WebSocket's end. The reason is at most 123 bytes of UTF-8. */
export interface Closing {
  code: number;
  reason: string;
}

/** The relay's own endings, and their codes. */
export const closeCodes = {
  /** The session's time is over. */
  going_away: 1001,
  /**
   * The token may not be used any longer (deleted, disabled, expired, edited, or out of quota with a turn that cannot be refused), or the
   * client's frame is not allowed.
   */
  policy: 1008,
  /** More waits than may be held. */
  too_big: 1009,
  /** The upstream broke off or cannot be reached, or the relay failed. */
  upstream: 1011,
} as const;

/** Codes that are never sent: the socket was closed without a code, or broke. RFC 6455 section 7.4.1. */
const withoutCode = 1005;
const broken: ReadonlySet<number> = new Set([1006, 1015]);

/** Whether an endpoint may send that code. */
function isSendable(code: number): boolean {
  const isOfProtocol = code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
  return isOfProtocol || (code >= 3000 && code <= 4999);
}

/** Not the client's or its token's fault. */
const failures: ReadonlySet<RelayErrorCode> = new Set<RelayErrorCode>([
  'upstream_error',
  'upstream_timeout',
  'upstream_refused_relay',
  'service_unavailable',
  'internal_error',
]);

/** Returns the close for an error; the reason is its code. */
export function closingForError(code: RelayErrorCode): Closing {
  return { code: failures.has(code) ? closeCodes.upstream : closeCodes.policy, reason: code };
}

/**
 * Returns the close for the client when the upstream closed. A code that no endpoint may send becomes an equivalent one; null if the upstream
 * closed without a code.
 */
export function closingForClient({ code, reason }: Closing): Closing | null {
  if (code === withoutCode) return null;
  if (broken.has(code)) return { code: closeCodes.upstream, reason: 'upstream_lost' };
  if (!isSendable(code)) return { code: closeCodes.upstream, reason: `upstream_closed_${code}` };
  return { code, reason: shortened(reason) };
}

/** Returns the close for the upstream. For a client that vanished, it is "going away". */
export function closingForUpstream({ code, reason }: Closing): Closing | null {
  if (code === withoutCode) return null;
  if (broken.has(code) || !isSendable(code)) return { code: closeCodes.going_away, reason: '' };
  return { code, reason: shortened(reason) };
}

/**
 * Returns the close that a socket's error event stands for: it broke, or the platform refused a frame of more than 32 MiB, which only its message
 * shows (workerd, 2026-11: `protocolError.statusCode = 1009`).
 */
export function closingOfError({ message }: Pick<ErrorEvent, 'message'>): Closing {
  const code = Number(/statusCode = (\d{4})/.exec(message)?.[1] ?? 1006);
  return { code, reason: code === closeCodes.too_big ? 'frame_too_large' : '' };
}

/** A reason is at most 123 bytes; whole characters of it. */
function shortened(reason: string): string {
  const bytes = new TextEncoder().encode(reason);
  if (bytes.length <= 123) return reason;
  return new TextDecoder().decode(bytes.slice(0, 123)).replace(/\uFFFD+$/, '');
}
