// Embeddings: everything that other layers use of this format.
export { embeddingsObserver } from './events.ts';
export { readEmbeddingsUsage } from './usage.ts';
