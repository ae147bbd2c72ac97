// Results of tools for formats that know neither errors nor objects among them (both of OpenAI's).
import type { ToolResultPart } from './neutral.ts';

/**
 * The text of a result: its text parts, line by line; the object itself where there is nothing else. An error
 * that does not call itself one is said to be one.
 */
export function resultText({ content, value, isError }: ToolResultPart): string {
  const texts = content.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  const text = content.length === 0 && value !== undefined ? JSON.stringify(value) : texts.join('\n');
  return markedAsError(text, isError);
}

/** Puts `Error: ` before the text of a failed call, unless the word is there. */
export function markedAsError(text: string, isError: boolean): string {
  return isError && !/error/i.test(text.slice(0, 100)) ? `Error: ${text}` : text;
}
