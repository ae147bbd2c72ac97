// Legacy completions: everything that other layers use of this format.

export { completionsFormat } from './format.ts';
export { completionsObserver } from './observer.ts';
