// Chat completions: everything that other layers use of this format.
export { chatObserver } from './events.ts';
export { chatFormat } from './format.ts';
export { stripUsage } from './strip-usage.ts';
export { readChatUsage } from './usage.ts';
