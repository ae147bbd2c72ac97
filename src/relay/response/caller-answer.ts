// The result of the response phase.
import type { Outcome } from '../settlement/request-record.ts';

/** The caller's response. */
export interface CallerAnswer {
  response: Response;
  /** How the request ended; a promise while a stream runs, which never rejects. */
  outcome: Outcome | Promise<Outcome>;
  /** What must be recorded, after the settlement, before the caller sees the response. */
  recorded?: Promise<void>;
}
