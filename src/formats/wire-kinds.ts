// The one table from an endpoint's kind to the format that reads its answers.
import { messagesObserver } from './anthropic-messages/index.ts';
import { geminiEmbedObserver } from './gemini-embed/index.ts';
import { generateObserver } from './gemini-generate/index.ts';
import type { WireObserver } from './observation.ts';
import { speechObserver, transcriptionObserver } from './openai-audio/index.ts';
import { chatObserver } from './openai-chat/index.ts';
import { completionsObserver } from './openai-completions/index.ts';
import { embeddingsObserver } from './openai-embeddings/index.ts';
import { imagesObserver } from './openai-images/index.ts';
import { moderationsObserver } from './openai-moderations/index.ts';
import { responsesObserver } from './openai-responses/index.ts';
import { rerankObserver } from './rerank/index.ts';
import type { WireKind } from './wire-kind.ts';

const nothing: WireObserver = { event: () => undefined, body: () => undefined };

const observers: Record<WireKind, WireObserver> = {
  chat: chatObserver,
  completions: completionsObserver,
  responses: responsesObserver,
  messages: messagesObserver,
  generate: generateObserver,
  embeddings: embeddingsObserver,
  'gemini-embed': geminiEmbedObserver,
  moderations: moderationsObserver,
  speech: speechObserver,
  transcription: transcriptionObserver,
  images: imagesObserver,
  'rerank-cohere': rerankObserver,
  'rerank-jina': rerankObserver,
  'rerank-voyage': rerankObserver,
  uncounted: nothing,
};

/** How answers of that kind are observed. */
export function observerOf(kind: WireKind): WireObserver {
  return observers[kind];
}
