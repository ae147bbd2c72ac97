// The operator's log: one line of JSON for each event, on the console of the Worker.

/** The fields of a line besides its event. `error` may be anything that was thrown: its message is logged. */
export interface LogFields {
  readonly error?: unknown;
  readonly [name: string]: unknown;
}

/** Logs a failure that recovers or costs nothing. */
export function logWarning(event: string, fields: LogFields): void {
  console.warn(lineOf(event, fields));
}

/** Logs an error that an operator should look at. */
export function logError(event: string, fields: LogFields): void {
  console.error(lineOf(event, fields));
}

/** Formats the line: `{"event":…}` and the fields in their order. */
function lineOf(event: string, fields: LogFields): string {
  return JSON.stringify({ event, ...fields, ...('error' in fields && { error: String(fields.error) }) });
}

/** Logs a warning. Has the form of the port that services report through. */
export function report(event: string, error: unknown): void {
  logWarning(event, { error });
}
