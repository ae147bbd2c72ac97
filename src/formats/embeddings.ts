// The table of formats for embeddings: which of them an operation's callers speak, which an upstream.
import { cohereEmbeddings } from './cohere-embed/index.ts';
import type { EmbeddingCaller, EmbeddingDialect, EmbeddingUpstream } from './embedding.ts';
import type { Operation } from './format.ts';
import { geminiEmbedCaller, geminiEmbeddings } from './gemini-embed/index.ts';
import {
  embeddingsCaller,
  jinaEmbeddings,
  openaiEmbeddings,
  voyageEmbeddings,
} from './openai-embeddings/index.ts';

const upstreams: Readonly<Record<EmbeddingDialect, EmbeddingUpstream>> = {
  openai: openaiEmbeddings,
  voyage: voyageEmbeddings,
  jina: jinaEmbeddings,
  gemini: geminiEmbeddings,
  cohere: cohereEmbeddings,
};

export function embeddingUpstream(dialect: EmbeddingDialect): EmbeddingUpstream {
  return upstreams[dialect];
}

/** Null for what embeds nothing. */
export function embeddingCaller(operation: Operation): EmbeddingCaller | null {
  switch (operation) {
    case 'embeddings':
      return embeddingsCaller;
    case 'embed-content':
    case 'batch-embed-contents':
      return geminiEmbedCaller;
    default:
      return null;
  }
}

/** What is called at an upstream. */
export function embeddingOperation(dialect: EmbeddingDialect): Operation {
  return dialect === 'gemini' ? 'batch-embed-contents' : 'embeddings';
}
