// What can be wrong with a request's members. Types only.
/** A needed field is missing or of a wrong type. Both texts are for the caller. */
export interface RequestFault {
  ok: false;
  message: string;
  /** The field, as a path. */
  param: string | null;
}
