/**
 * Returns when an upstream may be called again, in milliseconds from now, or null if it sends no valid time.
 * Accepts seconds or a date (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after), and OpenAI's
 * milliseconds. Pure.
 */
export function retryAfterOf(headers: Headers, nowMs: number): number | null {
  return (
    duration(headers.get('retry-after-ms'), 1) ??
    duration(headers.get('retry-after'), 1_000) ??
    untilDate(headers.get('retry-after'), nowMs)
  );
}

function duration(text: string | null, unitMs: number): number | null {
  return text !== null && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) * unitMs : null;
}

/** Numbers that are not valid seconds (`-5`, `1e9`) are not dates either, although they parse as such. */
function untilDate(text: string | null, nowMs: number): number | null {
  const ms = /[a-z]/i.test(text ?? '') ? Date.parse(text ?? '') - nowMs : Number.NaN;
  return ms >= 0 ? ms : null;
}
