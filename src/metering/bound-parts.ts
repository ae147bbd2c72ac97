// What the parts of a request body are, as far as the input bound needs it: which strings are media, and which
// tools the provider runs.

type JsonMember = Readonly<Record<string, unknown>> | undefined;

/** Names of tools that search and put pages into the prompt. */
export const searchTool =
  /^([a-z]+:)?(web_search|web_fetch|file_search|google_?search|url_?context|google_?maps|file_?search)/i;
/** Names of the other tools that the provider runs. */
export const otherServerTool =
  /^(code_?(execution|interpreter)|image_generation|mcp|advisor|computer|shell|tool_search)/i;

/** Models that always search, whatever the request says: Groq's, Perplexity's, OpenAI's, OpenRouter's. */
export const searchingModel = /compound|sonar|search-preview|search-api|deep-research|:online$/i;

/** Returns what identifies a tool of the provider's: its type, or Gemini's only member. A function has others. */
export function toolName(tool: Readonly<Record<string, unknown>>): string {
  return typeof tool.type === 'string' ? tool.type : (Object.keys(tool)[0] ?? '');
}

const dataUrlKeys = new Set(['url', 'image_url', 'file_url', 'file_data', 'data', 'image']);

/**
 * Returns the kind of media of a string, by its key and its neighbors, or null if it is text. Base64 in a text
 * field is text (and expensive), whatever it decodes to.
 */
export function mediaType(text: string, parent: JsonMember, key: string): string | null {
  const dataUrl = dataUrlKeys.has(key) ? /^data:([^;,]{0,100})[^,]{0,100};base64,/.exec(text) : null;
  if (dataUrl !== null) return dataUrl[1] || 'document';
  if (/^https?:/.test(text)) return remoteType(parent, key);
  if (key === 'file_id') return 'document';
  if (key === 'fileUri' || key === 'file_uri') return declaredType(parent) ?? 'document';
  if (!/^[\w+/=-]*$/.test(text.slice(0, 256))) return null;
  if (key === 'data') return dataType(parent);
  if (key === 'b64_json') return 'image';
  return key === 'file_data' ? 'document' : null;
}

/** Matches `image_url`, also as `{url}`, and Anthropic's `source: {type: url}`, but not a tool's server_url. */
function remoteType(parent: JsonMember, key: string): string | null {
  if (key === 'image_url') return 'image';
  if (key === 'fileUri' || key === 'file_uri') return declaredType(parent) ?? 'document';
  if (key === 'file_url') return 'document';
  if (key !== 'url') return null;
  return parent?.type === 'url' || parent?.type === undefined ? 'image' : 'document';
}

function declaredType(parent: JsonMember): string | null {
  const declared = parent?.mimeType ?? parent?.mime_type ?? parent?.media_type;
  return typeof declared === 'string' ? declared : null;
}

/** Matches `input_audio: {data, format}`, or a blob with its type. Redacted thinking has neither. */
function dataType(parent: JsonMember): string | null {
  const declared = declaredType(parent);
  if (declared !== null) return parent?.type === 'text' ? null : declared;
  return typeof parent?.format === 'string' ? 'audio' : null;
}
