// The names of the wire formats, of the operations that an upstream has, and of the APIs' families. Types only.

/** One wire format. The listed ones ship with the relay; a registry may hold others. */
export type FormatId =
  | 'openai-chat'
  | 'openai-completions'
  | 'openai-responses'
  | 'anthropic-messages'
  | 'gemini-generate'
  | 'openai-embeddings'
  | 'voyage-embeddings'
  | 'jina-embeddings'
  | 'cohere-embeddings'
  | 'gemini-embeddings'
  | 'openai-moderations'
  | 'openai-speech'
  | 'openai-transcription'
  | 'openai-images'
  | 'cohere-rerank'
  | 'jina-rerank'
  | 'voyage-rerank'
  | 'unread'
  | (string & {});

/** Whose API a format belongs to. Decides which header has the token, and the shape of errors. */
export type ApiFormat = 'openai' | 'anthropic' | 'gemini';

/** What the relay calls at an upstream. Each provider knows the paths of those that it has. */
export type OperationId =
  | 'chat-completions'
  | 'completions'
  | 'responses'
  | 'responses-compact'
  | 'responses-input-tokens'
  | 'stored-response'
  | 'embeddings'
  | 'moderations'
  | 'speech'
  | 'transcriptions'
  | 'translations'
  | 'image-generations'
  | 'image-edits'
  | 'image-variations'
  | 'rerank'
  | 'messages'
  | 'messages-count-tokens'
  | 'generate-content'
  | 'stream-generate-content'
  | 'count-tokens'
  | 'embed-content'
  | 'batch-embed-contents'
  | 'realtime'
  | 'live'
  | (string & {});
