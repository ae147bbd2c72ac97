// Long strings in a body that is held only to be counted (base64 images and audio, whole answers): cut to
// their beginning, with the number of bytes left out written at the cut, so that text lengths stay right.

/** At most this many bytes of a string of a JSON body are held: enough for every id, type and model name. */
export const longestStringBytes = 1_024;

// U+0000 is in no text that models write; JSON has it only as an escape.
const mark = '\u0000elided:';

/** The text at the cut, escaped for a JSON string. */
export function elisionMark(elidedBytes: number): string {
  return `\\u0000elided:${elidedBytes}`;
}

/** The length of a text, cut or not. What was left out counts in bytes, so never too low. */
export function textLength(text: unknown): number {
  if (typeof text !== 'string') return 0;
  // Shorter strings are never cut (a cut one has 1,024 bytes, in the worst case 170 six-byte escapes).
  if (text.length < longestStringBytes / 8) return text.length;
  const at = text.lastIndexOf(mark);
  if (at === -1) return text.length;
  return at + Number(text.slice(at + mark.length));
}
