// The operator's log: one line of JSON for each event, on the console of the Worker.

/** What a line says besides its event. `error` may be anything that was thrown: its words are logged. */
export interface LogFields {
  readonly error?: unknown;
  readonly [name: string]: unknown;
}

/** A failure that recovers by itself or costs nothing. */
export function logWarning(event: string, fields: LogFields): void {
  console.warn(lineOf(event, fields));
}

/** Something went wrong that an operator should look at. */
export function logError(event: string, fields: LogFields): void {
  console.error(lineOf(event, fields));
}

/** `{"event":…}` and the fields in their order. */
function lineOf(event: string, fields: LogFields): string {
  return JSON.stringify({ event, ...fields, ...('error' in fields && { error: String(fields.error) }) });
}

/** A warning in the form that a service is given it as a port. */
export function report(event: string, error: unknown): void {
  logWarning(event, { error });
}
