// The doors' formats, and what an endpoint of each is. Pure data: the routes of http/ are made from this.
import type { WireKind } from './wire-kind.ts';

/** The format of the caller's door: which header carries the token, and the shape of errors. */
export type DoorFormat = 'openai' | 'anthropic' | 'gemini';

/** What the relay calls at an upstream; each provider knows the path of those that it has. */
export type Operation =
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
  | 'live';

/** One endpoint that relays. */
export interface Endpoint {
  operation: Operation;
  door: DoorFormat;
  kind: WireKind;
  /** As it stands in the log: the canonical path, `{…}` for what varies. */
  path: string;
  body: 'json' | 'form';
  /** Never billed, whatever the answer says. */
  free: boolean;
}

const endpoint = (
  operation: Operation,
  door: DoorFormat,
  kind: WireKind,
  path: string,
  rest: Partial<Endpoint> = {},
): Endpoint => ({ operation, door, kind, path, body: 'json', free: false, ...rest });

/** The endpoints with a fixed path, all POST. */
export const fixedEndpoints: readonly Endpoint[] = [
  endpoint('chat-completions', 'openai', 'chat', '/v1/chat/completions'),
  endpoint('completions', 'openai', 'completions', '/v1/completions'),
  endpoint('responses', 'openai', 'responses', '/v1/responses'),
  endpoint('responses-compact', 'openai', 'responses', '/v1/responses/compact'),
  endpoint('responses-input-tokens', 'openai', 'responses', '/v1/responses/input_tokens', { free: true }),
  endpoint('embeddings', 'openai', 'embeddings', '/v1/embeddings'),
  endpoint('moderations', 'openai', 'moderations', '/v1/moderations', { free: true }),
  endpoint('speech', 'openai', 'speech', '/v1/audio/speech'),
  endpoint('transcriptions', 'openai', 'transcription', '/v1/audio/transcriptions', { body: 'form' }),
  endpoint('translations', 'openai', 'transcription', '/v1/audio/translations', { body: 'form' }),
  endpoint('image-generations', 'openai', 'images', '/v1/images/generations'),
  endpoint('image-edits', 'openai', 'images', '/v1/images/edits', { body: 'form' }),
  endpoint('image-variations', 'openai', 'images', '/v1/images/variations', { body: 'form' }),
  endpoint('rerank', 'openai', 'rerank-cohere', '/v1/rerank'),
  endpoint('messages', 'anthropic', 'messages', '/v1/messages'),
  endpoint('messages-count-tokens', 'anthropic', 'messages', '/v1/messages/count_tokens', { free: true }),
];

/** Gemini's methods of a model: `/v1beta/models/{model}:verb`. */
export const geminiVerbs: Readonly<Record<string, Endpoint>> = {
  generateContent: endpoint(
    'generate-content',
    'gemini',
    'generate',
    '/v1beta/models/{model}:generateContent',
  ),
  streamGenerateContent: endpoint(
    'stream-generate-content',
    'gemini',
    'generate',
    '/v1beta/models/{model}:streamGenerateContent',
  ),
  countTokens: endpoint('count-tokens', 'gemini', 'generate', '/v1beta/models/{model}:countTokens', {
    free: true,
  }),
  embedContent: endpoint('embed-content', 'gemini', 'gemini-embed', '/v1beta/models/{model}:embedContent'),
  batchEmbedContents: endpoint(
    'batch-embed-contents',
    'gemini',
    'gemini-embed',
    '/v1beta/models/{model}:batchEmbedContents',
  ),
};

/** `/v1/responses/{id}…`: answered by the channel that made the response. */
export const storedResponseEndpoint: Endpoint = endpoint(
  'stored-response',
  'openai',
  'responses',
  '/v1/responses/{id}',
  { free: true },
);
