// Chat completions, of OpenAI and of everyone who copied it.
import type { JsonObject } from '../../lib/json.ts';
import { isObject } from '../json-reader.ts';
import { modelField, requestCounts, streamFields } from '../request-checks.ts';
import { openaiToolNames } from '../tool-names.ts';
import { apiRoute, type ConversationFormat } from '../wire-format.ts';
import { observer } from './observer.ts';
import { eventReader } from './read-events.ts';
import { readRequest } from './read-request.ts';
import { readResponse } from './read-response.ts';
import { eventWriter } from './write-events.ts';
import { writeRequest } from './write-request.ts';
import { writeResponse } from './write-response.ts';

export { stripUsage } from './strip-usage.ts';

export const openaiChat: ConversationFormat = {
  id: 'openai-chat',
  api: 'openai',
  task: 'conversation',
  routes: [apiRoute('chat-completions', '/v1/chat/completions')],
  observer,
  requiredFields: () => [modelField, { field: 'messages', type: 'array' }, ...streamFields],
  countFields: (body) => [[body, 'n', requestCounts.choices]],
  outputFields: (body) => ({
    maxTokens: [body.max_completion_tokens, body.max_tokens],
    // A budget of OpenRouter's counts inside the bound, DashScope's comes on top of it.
    reasoningTokens: isObject(body.reasoning) ? [body.reasoning.max_tokens] : [],
    extraTokens: body.thinking_budget,
    answers: [body.n],
  }),
  formatOfBody: (body) => (isResponsesBody(body) ? 'openai-responses' : null),
  signalsEnd: true,
  needsUsageOption: true,
  readRequest,
  writeRequest,
  readResponse,
  writeResponse,
  eventReader,
  eventWriter,
  toolNames: openaiToolNames,
  takesCustomTools: (provider) => provider !== 'openai-compatible',
  operationFor: () => 'chat-completions',
};

/** Whether a Responses body was sent to chat completions, as Cursor does. It is answered as chat. */
export function isResponsesBody(body: JsonObject): boolean {
  return body.messages === undefined && (typeof body.input === 'string' || Array.isArray(body.input));
}
