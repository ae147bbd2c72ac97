// Cloudflare Workers AI through the Worker's own binding: no key, no address. Chat and embeddings.
// https://developers.cloudflare.com/workers-ai/configuration/bindings/ (2026-11); the inputs and outputs of models
// are in @cloudflare/workers-types and in https://github.com/cloudflare/ai/tree/main/packages/workers-ai-provider.
import type { OperationId } from '../formats/format-id.ts';
import { isObject, objectsAt } from '../formats/json-reader.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Send } from './call.ts';
import type { AdaptedBody, Provider } from './provider.ts';
import { readWorkersAiAnswer } from './workers-ai-answer.ts';

const operations = new Set<OperationId>(['chat-completions']);

export const workersAi: Provider = {
  defaultBaseUrl: null,
  operations: () => operations,
  talks: () => 'openai-chat',
  embeds: 'openai-embeddings',
  models: null,
  url: ({ model }) => `${addressBegin}${model}`,
  adapt: (text, _headers, { operation }) => adaptInputs(text, operation),
  authorize: () => undefined,
  read: readWorkersAiAnswer,
  rewritesStreams: true,
  isBound: true,
};

/** What the binding has instead of an address. */
const addressBegin = 'workers-ai:';

/** The `AI` binding, as far as the relay uses it. */
export interface AiBinding {
  run(
    model: string,
    inputs: Record<string, unknown>,
    options: { returnRawResponse: true; signal?: AbortSignal },
  ): Promise<Response>;
}

/** Sends through the binding. Its errors come as responses, like those of its REST API. */
export function sendToBinding(binding: AiBinding): Send {
  return (url, { body, signal }) =>
    binding.run(url.slice(addressBegin.length), JSON.parse(body), { returnRawResponse: true, signal });
}

/** Converts the inputs of a model: the body without the model's name, in terms that all models know. */
function adaptInputs(text: string, operation: OperationId): AdaptedBody {
  const { model: _, ...body } = JSON.parse(text) as JsonObject;
  const inputs = operation === 'embeddings' ? { text: body.input } : chatInputs(body);
  return { text: JSON.stringify(inputs), dropped: [] };
}

/** Older models know only `max_tokens`, and refuse a message whose content is null (a tool call). */
function chatInputs({ max_completion_tokens: maximum, ...body }: JsonObject): JsonObject {
  return {
    ...body,
    ...(maximum !== undefined && body.max_tokens === undefined && { max_tokens: maximum }),
    ...(Array.isArray(body.messages) && {
      messages: objectsAt(body, 'messages').map((message) =>
        isObject(message) && (message.content ?? null) === null ? { ...message, content: '' } : message,
      ),
    }),
  };
}
