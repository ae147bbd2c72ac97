// JSON that has been parsed and not looked at. Types only.
/** A parsed JSON object whose members are not known yet. */
export type JsonObject = { readonly [key: string]: unknown };
