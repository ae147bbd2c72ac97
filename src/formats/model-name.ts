// What a model name may look like, wherever a request names one.

/** Bounds of a model name. */
export const modelNameLimits = {
  /** Code points. The longest names of providers (ARNs of Bedrock, Vertex resource names) have some 200. */
  characters: 256,
} as const;

/**
 * Whether a text can name a model: 1 to 256 printable characters without white space around them. Upstreams trim
 * names, so a padded one would pass a price or an allow list that knows only the bare name.
 */
export function isModelName(text: string): boolean {
  // A code point has at most two UTF-16 units: longer texts are not counted one by one.
  if (text === '' || text.length > 2 * modelNameLimits.characters || text !== text.trim()) return false;
  return !unprintable.test(text) && [...text].length <= modelNameLimits.characters;
}

/** Control, format, surrogate, private, and unassigned characters, and separators other than the plain space. */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

/** What a caller reads when a name is not one. */
export const modelNameRule = `a model name: 1 to ${modelNameLimits.characters} printable characters without white space around them`;
