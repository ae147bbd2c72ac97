// `finish_reason` of legacy completions. https://platform.openai.com/docs/api-reference/completions/object
import type { Stop } from '../neutral.ts';

/** There are three. */
export function writeStop({ reason }: Stop): string {
  if (reason === 'length' || reason === 'context-length') return 'length';
  return reason === 'content-filter' || reason === 'refusal' ? 'content_filter' : 'stop';
}
