// Legacy completions: everything that other layers use of this format.
export { completionsObserver } from './events.ts';
export { completionsFormat } from './format.ts';
export { readCompletionUsage } from './usage.ts';
