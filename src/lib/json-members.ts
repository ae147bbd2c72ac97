// Edits JSON text in place: everything else stays byte for byte (integers beyond 2^53, key order, duplicate keys,
// whitespace). Does not validate: JSON.parse must have accepted the text, and its top level must be an object.

/** One member of the top-level object. Offsets are UTF-16 indices into the text. */
export interface Member {
  /** The key's value, escapes decoded. */
  key: string;
  /** The position of the key's opening quote. */
  keyStart: number;
  /** The first character of the value. */
  valueStart: number;
  /** One past the value's last character. */
  valueEnd: number;
}

/**
 * Returns all members of the top-level object in order, including duplicates. Strings are skipped with
 * `indexOf`, so a body of a megabyte in a few long strings costs next to nothing. For text that is not a valid
 * JSON object the result is unspecified, but the function neither throws nor loops forever.
 */
export function topLevelMembers(text: string): Member[] {
  const members: Member[] = [];
  let at = skipSpace(text, 0) + 1;
  while (at < text.length) {
    const keyStart = skipSpace(text, at);
    if (text[keyStart] !== '"') break;
    const keyEnd = skipString(text, keyStart);
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const valueEnd = skipValue(text, valueStart);
    members.push({ key: decodeKey(text.slice(keyStart, keyEnd)), keyStart, valueStart, valueEnd });
    const next = skipSpace(text, valueEnd);
    if (text[next] !== ',') break;
    at = next + 1;
  }
  return members;
}

/** Returns the source text of the member's value. */
export function memberText(text: string, member: Member): string {
  return text.slice(member.valueStart, member.valueEnd);
}

/**
 * Returns the text with the value of `key` replaced at every duplicate (parsers disagree on which one counts),
 * or with the member appended if it is missing. `jsonValue` is JSON text.
 */
export function replaceMember(text: string, key: string, jsonValue: string): string {
  const all = topLevelMembers(text);
  const found = all.filter((member) => member.key === key);
  if (found.length === 0) return appendMember(text, key, jsonValue, all.at(-1));
  let result = '';
  let copiedTo = 0;
  for (const member of found) {
    result += text.slice(copiedTo, member.valueStart) + jsonValue;
    copiedTo = member.valueEnd;
  }
  return result + text.slice(copiedTo);
}

/** Returns the text without any member of that key, or the very same text if there is none. */
export function removeMember(text: string, key: string): string {
  const all = topLevelMembers(text);
  let result = '';
  let copiedTo = 0;
  all.forEach((member, index) => {
    if (member.key !== key) return;
    const next = all[index + 1];
    const leftRemains = all.slice(0, index).some((other) => other.key !== key);
    // If a neighbor on the left stays, the comma before the member goes too; otherwise the comma after it.
    const from = leftRemains ? (all[index - 1]?.valueEnd ?? member.keyStart) : member.keyStart;
    const to = leftRemains || next === undefined ? member.valueEnd : next.keyStart;
    result += text.slice(copiedTo, Math.max(copiedTo, from));
    copiedTo = Math.max(copiedTo, to);
  });
  return result + text.slice(copiedTo);
}

function appendMember(text: string, key: string, jsonValue: string, last: Member | undefined): string {
  const at = last === undefined ? skipSpace(text, 0) + 1 : last.valueEnd;
  const comma = last === undefined ? '' : ',';
  return `${text.slice(0, at)}${comma}${JSON.stringify(key)}:${jsonValue}${text.slice(at)}`;
}

function decodeKey(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted;
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
    at++;
  }
  return at;
}

/** Returns the position after the closing quote of the string that opens at `from`. */
function skipString(text: string, from: number): number {
  let at = from + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote === -1) return text.length;
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\' && quote - 1 - backslashes > from) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

const scalarEnd = /[,\]}\s]/g;
const structural = /["[\]{}]/g;

function skipValue(text: string, from: number): number {
  const first = text[from];
  if (first === '"') return skipString(text, from);
  if (first === '{' || first === '[') return skipContainer(text, from);
  scalarEnd.lastIndex = from;
  return scalarEnd.exec(text)?.index ?? text.length;
}

function skipContainer(text: string, from: number): number {
  let depth = 0;
  structural.lastIndex = from;
  for (let match = structural.exec(text); match !== null; match = structural.exec(text)) {
    const character = match[0];
    if (character === '"') structural.lastIndex = skipString(text, match.index);
    else if (character === '{' || character === '[') depth++;
    else if (--depth === 0) return match.index + 1;
  }
  return text.length;
}
