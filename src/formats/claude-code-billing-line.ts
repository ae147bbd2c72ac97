// Claude Code begins its system prompt with a line for Anthropic's own billing (`x-anthropic-billing-header: cc_version=…`),
// which differs from session to session: at any other provider it is noise that spoils the prompt's cache.
// Seen of Claude Code 2.1 (2026-11).
import { isObject } from './json-reader.ts';
import type { NeutralRequest } from './neutral.ts';

/** How the line begins. */
export const billingLineStart = 'x-anthropic-billing-header:';

/** Returns the request without the line. This does not count as a loss. */
export function withoutBillingLine(request: NeutralRequest): NeutralRequest {
  if (!request.system.some(({ text }) => text.startsWith(billingLineStart))) return request;
  const system = request.system.flatMap((part) => {
    const text = withoutFirstLine(part.text);
    return text === '' && part.text !== '' ? [] : [{ ...part, text }];
  });
  return { ...request, system };
}

/** A Messages body's `system` without the line; undefined: nothing is left. */
export function systemWithoutBillingLine(system: unknown): unknown {
  if (typeof system === 'string') return withoutFirstLine(system) || undefined;
  if (!Array.isArray(system)) return system;
  const blocks = system.flatMap((block: unknown) => {
    if (!isObject(block) || typeof block.text !== 'string') return [block];
    const text = withoutFirstLine(block.text);
    return text === '' && block.text !== '' ? [] : [text === block.text ? block : { ...block, text }];
  });
  return blocks.length === 0 ? undefined : blocks;
}

function withoutFirstLine(text: string): string {
  if (!text.startsWith(billingLineStart)) return text;
  const end = text.indexOf('\n');
  return end < 0 ? '' : text.slice(end).replace(/^\n+/, '');
}
