// Rerankers: everything that other layers use of these formats.
export { rerankObserver } from './events.ts';
export { readRerankUsage } from './usage.ts';
