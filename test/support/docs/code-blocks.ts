// The code blocks of the documentation, and which of them cannot run.
import type { Page } from './pages.ts';

/** A fenced block of code. */
export interface CodeBlock {
  readonly path: string;
  readonly language: string;
  /** Why it cannot run in a test, as its fence says. Null: it runs. */
  readonly untested: string | null;
  readonly code: string;
}

/** Reasons that a fence may give. */
export const untestedReasons: readonly string[] = ['needs a Cloudflare account', "needs Python's SDKs"];

/** Returns the blocks of a page, without the indent of the list that they are in. */
export function codeBlocksOf({ path, text }: Page): CodeBlock[] {
  return [...text.matchAll(/^( *)```(\w*)(?: untested: (.+))?\n([\s\S]*?)^ *```$/gm)].map(
    ([, indent = '', language = '', untested, code = '']) => ({
      path,
      language,
      untested: untested ?? null,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  );
}

/** Returns the commands of a shell block: lines that end in `\` or are inside quotes go with the next one. */
export function commandsIn({ code }: CodeBlock): string[] {
  const commands: string[] = [];
  let open = '';
  for (const line of code.split('\n')) {
    open += open === '' ? line : `\n${line}`;
    if (open.endsWith('\\') || hasOpenQuote(open)) continue;
    if (open.trim() !== '' && !open.startsWith('#')) commands.push(open);
    open = '';
  }
  return commands;
}

function hasOpenQuote(text: string): boolean {
  return (text.match(/'/g) ?? []).length % 2 === 1;
}
