// What kinds of answers there are on the wire, and how their bytes are cut. Types only.
/** What an endpoint answers in. `uncounted`: nothing in the answer is ever read. */
export type WireKind =
  | 'chat'
  | 'completions'
  | 'responses'
  | 'messages'
  | 'generate'
  | 'embeddings'
  | 'gemini-embed'
  | 'moderations'
  | 'speech'
  | 'transcription'
  | 'images'
  | 'rerank-cohere'
  | 'rerank-jina'
  | 'rerank-voyage'
  | 'uncounted';

/** How the answer's bytes are cut: server-sent events, one JSON value, Gemini's stream as a JSON array, or not at all. */
export type Framing = 'sse' | 'json' | 'json-array' | 'opaque';

/**
 * Where a JSON-array stream stands, for whoever must append an element: `start` nothing yet; `first` after
 * the bracket; `after-element` a comma is needed; `after-comma`; `inside` an element; `closed`.
 */
export type ArrayPosition = 'start' | 'first' | 'after-element' | 'after-comma' | 'inside' | 'closed';
