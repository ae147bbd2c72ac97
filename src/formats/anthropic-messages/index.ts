// The Messages API: everything that other layers use of this format.
export { messagesObserver } from './events.ts';
export { readMessagesUsage } from './usage.ts';
