// `finish_reason` of legacy completions. https://platform.openai.com/docs/api-reference/completions/object
import { isFailedEnd } from '../failed-end.ts';
import type { Stop } from '../neutral.ts';

/** There are three; `error` is OpenRouter's, as in chat completions. */
export function writeStop(stop: Stop): string {
  const { reason } = stop;
  if (isFailedEnd(stop)) return 'error';
  if (reason === 'length' || reason === 'context-length') return 'length';
  return reason === 'content-filter' || reason === 'refusal' ? 'content_filter' : 'stop';
}
