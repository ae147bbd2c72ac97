// Embeddings: everything that other layers use of this format.
import type { EmbeddingCaller, EmbeddingUpstream } from '../embedding.ts';
import { readEmbeddingsRequest } from './read-request.ts';
import { readEmbeddings, writeEmbeddings } from './response.ts';
import { writeEmbeddingsRequest, writeJinaRequest, writeVoyageRequest } from './write-request.ts';

export { inEmbeddingsDialect } from './dialect.ts';
export { embeddingsObserver } from './observer.ts';

export const embeddingsCaller: EmbeddingCaller = { read: readEmbeddingsRequest, write: writeEmbeddings };
export const openaiEmbeddings: EmbeddingUpstream = { write: writeEmbeddingsRequest, read: readEmbeddings };
export const voyageEmbeddings: EmbeddingUpstream = { write: writeVoyageRequest, read: readEmbeddings };
export const jinaEmbeddings: EmbeddingUpstream = { write: writeJinaRequest, read: readEmbeddings };
