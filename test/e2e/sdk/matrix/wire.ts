/** Wire JSON as an imitation reads it, without validation. A wrong assumption fails the test that made it. */
// biome-ignore lint/suspicious/noExplicitAny: the imitations must not share the product's readers, and typed ones would be those.
export type Wire = any;

/** An object of such JSON. */
export type Json = Record<string, Wire>;
