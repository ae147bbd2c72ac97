// The Messages API of Anthropic, Bedrock and Vertex.
import { modelField, streamField } from '../request-checks.ts';
import { claudePropertyKeys } from '../tool-names.ts';
import { apiRoute, type ConversationFormat } from '../wire-format.ts';
import { isClaude } from './model-traits.ts';
import { observer } from './observer.ts';
import { holdsUnsignedThought } from './read-blocks.ts';
import { eventReader } from './read-events.ts';
import { readRequest } from './read-request.ts';
import { readResponse } from './read-response.ts';
import { eventWriter } from './write-events.ts';
import { writeRequest } from './write-request.ts';
import { writeResponse } from './write-response.ts';

export const anthropicMessages: ConversationFormat = {
  id: 'anthropic-messages',
  api: 'anthropic',
  task: 'conversation',
  routes: [
    apiRoute('messages', '/v1/messages'),
    apiRoute('messages-count-tokens', '/v1/messages/count_tokens', { purpose: 'count', free: true }),
  ],
  observer,
  requiredFields: (_body, isCounting) => [
    modelField,
    { field: 'messages', type: 'array' },
    { field: 'max_tokens', type: 'number', optional: isCounting },
    streamField,
  ],
  outputFields: ({ max_tokens: maxTokens, thinking }) => ({
    maxTokens: [maxTokens],
    reasoningTokens: [(thinking as { budget_tokens?: unknown } | null | undefined)?.budget_tokens],
    repeatsForServerTools: true,
  }),
  signalsEnd: true,
  // https://platform.claude.com/docs/en/build-with-claude/streaming, 2026-11
  ping: 'event: ping\ndata: {"type": "ping"}\n\n',
  writeErrorEvent: (body) => `event: error\ndata: ${JSON.stringify(body)}\n\n`,
  // A relay may have passed on reasoning of another model. Others behind Anthropic's API do not sign.
  holdsForeignReasoning: (body, text, upstreamModel) =>
    text.includes('"thinking"') && isClaude(upstreamModel) && holdsUnsignedThought(body),
  readRequest,
  writeRequest,
  readResponse,
  writeResponse,
  eventReader,
  eventWriter,
  // Source: the provider's OpenAPI file.
  toolNames: {
    illegal: /[^a-zA-Z0-9_-]/g,
    maximumLength: 128,
    firstIsLetter: false,
    propertyKeys: claudePropertyKeys,
  },
  takesCustomTools: () => false,
  operationFor: () => 'messages',
};
