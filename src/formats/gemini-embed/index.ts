// Gemini's embeddings: everything that other layers use of this format.
export { geminiEmbedObserver } from './events.ts';
export { readGeminiEmbedUsage } from './usage.ts';
