// Gemini's embeddings: everything that other layers use of this format.
import type { EmbeddingCaller, EmbeddingUpstream } from '../embedding.ts';
import { readEmbedRequest, writeEmbedRequest } from './request.ts';
import { readEmbedAnswer, writeEmbedAnswer } from './response.ts';

export { geminiEmbedObserver } from './observer.ts';

export const geminiEmbedCaller: EmbeddingCaller = { read: readEmbedRequest, write: writeEmbedAnswer };
export const geminiEmbeddings: EmbeddingUpstream = { write: writeEmbedRequest, read: readEmbedAnswer };
