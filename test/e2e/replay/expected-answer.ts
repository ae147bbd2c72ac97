// Computes the answer that a caller must get for a recording without any of the relay's code: the recorded bytes,
// except for the few answers that the relay must change.
import type { Replay } from './replays.ts';

export type ExpectedAnswer =
  | { sort: 'bytes'; status: number; contentType: string | undefined; bytes: Buffer }
  /** The upstream refused the relay's own key or account: an error of the relay in the route's format. */
  | { sort: 'refusal' };

/** By the documentation: src/docs/formats-and-translation.md and errors.md. */
export function expectedAnswer({ fixture, usageOption, channelKind }: Replay): ExpectedAnswer {
  const { meta, bytes } = fixture;
  const recorded = Buffer.from(bytes);
  if (refusesTheRelay(meta.status, recorded.toString())) return { sort: 'refusal' };
  const contentType = contentTypeOf(fixture.meta);
  const same = (body: Buffer): ExpectedAnswer => ({
    sort: 'bytes',
    status: meta.status,
    contentType,
    bytes: body,
  });
  if (meta.status >= 400) return same(recorded);
  if (usageOption === 'not requested' && contentType?.startsWith('text/event-stream'))
    return same(Buffer.from(withoutUsage(recorded.toString())));
  if (channelKind === 'voyage' && meta.endpoint === 'rerank')
    return same(asRerankResults(recorded.toString()));
  if (channelKind === 'voyage' && meta.endpoint === 'embeddings')
    return same(withPromptTokens(recorded.toString()));
  return same(recorded);
}

/**
 * Adds `prompt_tokens`, which OpenAI's clients require and Voyage omits. All tokens of an embedding are prompt
 * tokens.
 */
function withPromptTokens(text: string): Buffer {
  return Buffer.from(text.replace(/"total_tokens":(\d+)/, '"prompt_tokens":$1,"total_tokens":$1'));
}

/** Headers that the recorder dropped have the provider's usual values. */
export function contentTypeOf(meta: {
  content_type?: string | null;
  response_file: string;
}): string | undefined {
  return (
    meta.content_type ?? (meta.response_file.endsWith('.sse') ? 'text/event-stream' : 'application/json')
  );
}

function refusesTheRelay(status: number, body: string): boolean {
  if ([401, 402, 403].includes(status)) return true;
  if (status === 429) return body.includes('insufficient_quota');
  return status === 400 && body.includes('API_KEY_INVALID');
}

/**
 * Returns a chat stream as it is without `include_usage`: no chunk with only usage, no `"usage":null`. Usage on
 * a chunk with choices is sent by such a provider without a request.
 */
export function withoutUsage(stream: string): string {
  const blocks = stream.split(/(?<=\n\n|\r\n\r\n)/);
  return blocks.map(blockWithoutUsage).join('');
}

function blockWithoutUsage(block: string): string {
  const data = /^data: ?(\{.*\})\r?$/m.exec(block)?.[1];
  if (data === undefined) return block;
  const chunk = parsed(data);
  if (chunk === null || !('usage' in chunk)) return block;
  if (chunk.usage === null) return takeOut(block, data, chunk);
  const alone = Array.isArray(chunk.choices) && chunk.choices.length === 0;
  return alone ? '' : block;
}

/** Removes the null usage: of all matches, the one whose removal leaves the rest of the JSON unchanged. */
function takeOut(block: string, data: string, chunk: Record<string, unknown>): string {
  const { usage: _null, ...rest } = chunk;
  for (const match of data.matchAll(/,\s*"usage"\s*:\s*null|"usage"\s*:\s*null\s*,/g)) {
    const shorter = data.slice(0, match.index) + data.slice(match.index + match[0].length);
    if (JSON.stringify(parsed(shorter)) === JSON.stringify(rest)) return block.replace(data, () => shorter);
  }
  throw new Error(`no null usage to take out of ${data}`);
}

/** Renames Voyage's `data` to the API's `results`. Documents are only repeated on request. */
function asRerankResults(text: string): Buffer {
  const { object: _list, data, ...rest } = JSON.parse(text);
  return Buffer.from(JSON.stringify({ ...rest, results: data }));
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
