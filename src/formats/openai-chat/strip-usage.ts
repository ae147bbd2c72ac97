// The relay switches usage reporting on for its own metering (`stream_options.include_usage`). This removes it again
// from the stream, event by event, so that the client gets what it requested. Chat and legacy completions are alike.
import { memberText, removeMember, topLevelMembers } from '../../lib/json-members.ts';

/**
 * Returns the event as the client would have got it without `include_usage`, or null if there would have been none.
 * `raw` is the event as in the stream, `data` its joined data lines. Dropped: the usage chunk (`choices` empty, `usage`
 * an object; Azure's and others' first chunk has no usage and remains). Removed: a top-level `"usage":null`. Everything
 * else is returned as the same string. Usage on a chunk that has choices (Mistral, DeepSeek, xAI) is always sent by
 * those, and remains.
 */
export function stripUsage(raw: string, data: string): string | null {
  if (!data.includes('"usage"') || !data.trimStart().startsWith('{')) return raw;
  const members = topLevelMembers(data);
  const usages = members.filter((member) => member.key === 'usage').map((member) => memberText(data, member));
  const choices = members.find((member) => member.key === 'choices');
  const usage = usages.at(-1);
  if (usage?.startsWith('{')) {
    const empty = choices !== undefined && /^\[\s*\]$/.test(memberText(data, choices));
    return empty ? null : raw;
  }
  return usage === 'null' ? withData(raw, data, removeMember(data, 'usage')) : raw;
}

/** Returns the event with other data. */
export function withData(raw: string, data: string, changed: string): string {
  const at = raw.indexOf(data);
  // One data line, the ordinary case: the raw text contains the JSON unchanged.
  if (at !== -1) return raw.slice(0, at) + changed + raw.slice(at + data.length);
  return overLines(raw, changed);
}

/**
 * JSON over several `data:` lines: the lines are rewritten. Comments and other fields keep their
 * order, and the line end is that of the raw text.
 */
function overLines(raw: string, changed: string): string {
  const lineEnd = raw.includes('\r\n') ? '\r\n' : raw.includes('\n') ? '\n' : '\r';
  const lines = raw.split(lineEnd);
  const first = lines.findIndex((line) => line.startsWith('data:'));
  const prefix = lines[first]?.startsWith('data: ') ? 'data: ' : 'data:';
  const written = changed.split('\n').map((line) => prefix + line);
  const others = lines.filter((line) => !line.startsWith('data:'));
  return [...others.slice(0, first), ...written, ...others.slice(first)].join(lineEnd);
}
