// Chat completions: everything that other layers use of this format.

export { chatFormat } from './format.ts';
export { chatObserver } from './observer.ts';
export { stripUsage } from './strip-usage.ts';
