// generateContent: everything that other layers use of this format.
export { generateObserver } from './events.ts';
export { readGenerateUsage } from './usage.ts';
