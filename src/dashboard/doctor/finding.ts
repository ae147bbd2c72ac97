// The findings of a check of the deployment.

type FindingStatus = 'ok' | 'warning' | 'broken';

/** The parts of a deployment that are checked. */
export const checkNames = ['secrets', 'bindings', 'schema', 'ledger', 'cron', 'channels'] as const;
export type CheckName = (typeof checkNames)[number];

/** One finding. `code` is stable, so that scripts can use it. */
export interface Finding {
  readonly check: CheckName;
  readonly status: FindingStatus;
  readonly code: string;
  readonly detail: string;
  /** What to do about it. Null when there is nothing to do. */
  readonly remedy: string | null;
}

/** Returns the finding that a part works. */
export function works(check: CheckName, detail: string): Finding {
  return { check, status: 'ok', code: 'ok', detail, remedy: null };
}

/** Returns the finding that a part does not work. */
export function broken(check: CheckName, code: string, detail: string, remedy: string): Finding {
  return { check, status: 'broken', code, detail, remedy };
}

/** Returns the finding of something that may be intended, or may resolve without action. */
export function warning(check: CheckName, code: string, detail: string, remedy: string): Finding {
  return { check, status: 'warning', code, detail, remedy };
}
