// What reading a request gives: the request, or what is wrong with it. Types only.

/** A request in a neutral form, or the first fault in the caller's. */
export type ReadResult<Request> = { ok: true; request: Request } | RequestFault;

/** A needed field is missing or of a wrong type. Both texts are for the caller. */
export interface RequestFault {
  ok: false;
  message: string;
  /** The field, as a path. */
  param: string | null;
}
