// Rerankers: everything that other layers use of these formats.
export { rerankObserver } from './observer.ts';
