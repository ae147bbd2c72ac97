// Ids of requests: `req_` and a UUID of version 7 (RFC 9562, section 5.7) without its hyphens, that is 48 bits of
// time in milliseconds and 74 random bits. The time is the log row's created_at, so a row is found by its id alone.

const timeDigits = 12;
/** A turn of a realtime session has its own time: milliseconds after the session's, in this many decimal digits. */
const offsetDigits = 8;

const idPattern = /^req_([0-9a-f]{12})7[0-9a-f]{3}[89ab][0-9a-f]{15}(?:_\d+(\d{8}))?$/;

/** Returns a new request id of that time. */
export function newRequestId(nowMs = Date.now()): string {
  const random = crypto.randomUUID().replaceAll('-', '');
  const time = nowMs.toString(16).padStart(timeDigits, '0');
  return `req_${time}7${random.slice(timeDigits + 1)}`;
}

/** Returns the id of a session's turn: the session's, the turn's number, and when the turn began. */
export function turnRequestId(sessionId: string, turn: number, nowMs: number): string {
  const startMs = requestTimeMs(sessionId);
  if (startMs === null) return `${sessionId}_${turn}`;
  const offsetMs = Math.min(Math.max(0, nowMs - startMs), 10 ** offsetDigits - 1);
  return `${sessionId}_${turn}${String(offsetMs).padStart(offsetDigits, '0')}`;
}

/** Returns the time in an id, or null if it has none, as those from before 2026-12. */
export function requestTimeMs(id: string): number | null {
  const [, time, offset] = idPattern.exec(id) ?? [];
  if (time === undefined) return null;
  return Number.parseInt(time, 16) + Number(offset ?? 0);
}
