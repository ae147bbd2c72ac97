/** A parsed JSON object whose members are not known yet. */
export type JsonObject = { readonly [key: string]: unknown };
