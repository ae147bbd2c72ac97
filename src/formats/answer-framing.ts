/** How the answer's bytes are cut: server-sent events, one JSON value, Gemini's stream as a JSON array, or not at all. */
export type Framing = 'sse' | 'json' | 'json-array' | 'opaque';

/**
 * Where a JSON-array stream stands, for whoever must append an element: `start` nothing yet; `first` after
 * the bracket; `after-element` a comma is needed; `after-comma`; `inside` an element; `closed`.
 */
export type ArrayPosition = 'start' | 'first' | 'after-element' | 'after-comma' | 'inside' | 'closed';
