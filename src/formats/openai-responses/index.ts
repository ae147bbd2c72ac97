// The Responses API: everything that other layers use of this format.
export { responsesObserver } from './events.ts';
export { responsesFormat } from './format.ts';
export { readResponsesUsage } from './usage.ts';
