/**
 * When an upstream may be asked again, in milliseconds from now; null: it does not say, or says nothing that can be.
 * Seconds, or a date: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after; OpenAI has milliseconds, too. Pure.
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

/** A number that is none of seconds (`-5`, `1e9`) is no date either, though it can be read as one. */
function untilDate(text: string | null, nowMs: number): number | null {
  const ms = /[a-z]/i.test(text ?? '') ? Date.parse(text ?? '') - nowMs : Number.NaN;
  return ms >= 0 ? ms : null;
}
