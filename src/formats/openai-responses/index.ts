// The Responses API: everything that other layers use of this format.

export { responsesFormat } from './format.ts';
export { responsesObserver } from './observer.ts';
