// An embeddings request of OpenAI's shape at Voyage and Jina, whose callers' other fields pass on untouched: only the
// names that OpenAI's SDKs use are made theirs. Sources: the API references of Voyage (v1) and Jina (v1), 2026-11.
import type { JsonObject } from '../../lib/json.ts';
import { removeMember, replaceMember } from '../../lib/json-members.ts';

/** The JSON text for that upstream. `body` is the parsed text. */
export function inEmbeddingsDialect(dialect: 'voyage' | 'jina', text: string, body: JsonObject): string {
  switch (dialect) {
    case 'voyage':
      return withoutFloat(renamed(text, body, 'dimensions', 'output_dimension'), body);
    case 'jina':
      return renamed(text, body, 'encoding_format', 'embedding_type');
  }
}

function renamed(text: string, body: JsonObject, from: string, to: string): string {
  if (body[from] === undefined || body[to] !== undefined) return text;
  return replaceMember(removeMember(text, from), to, JSON.stringify(body[from]));
}

/** Voyage's encodings are base64 and, without a name, floats. */
function withoutFloat(text: string, body: JsonObject): string {
  return body.encoding_format === 'float' ? removeMember(text, 'encoding_format') : text;
}
