// The Responses API, of OpenAI, Azure, xAI and others.
import { isObject, objectAt } from '../json-reader.ts';
import { modelField, optionalBoolean, streamField } from '../request-checks.ts';
import { openaiToolNames } from '../tool-names.ts';
import { apiRoute, type ConversationFormat } from '../wire-format.ts';
import { observer } from './observer.ts';
import { eventReader } from './read-events.ts';
import { readRequest } from './read-request.ts';
import { readResponse } from './read-response.ts';
import { eventWriter } from './write-events.ts';
import { writeRequest } from './write-request.ts';
import { writeResponse } from './write-response.ts';

export const openaiResponses: ConversationFormat = {
  id: 'openai-responses',
  api: 'openai',
  task: 'conversation',
  routes: [
    apiRoute('responses', '/v1/responses'),
    apiRoute('responses-compact', '/v1/responses/compact', { purpose: 'native' }),
    apiRoute('responses-input-tokens', '/v1/responses/input_tokens', { purpose: 'count', free: true }),
    // Answered by the channel that made the response.
    apiRoute('stored-response', '/v1/responses/{id}', { purpose: 'stored', free: true }),
  ],
  observer,
  // A stored prompt may bring the model along.
  requiredFields: (body) => [
    { ...modelField, optional: isObject(body.prompt) },
    streamField,
    optionalBoolean('background'),
    optionalBoolean('store'),
  ],
  outputFields: (body) => ({ maxTokens: [body.max_output_tokens] }),
  historyFields: ['conversation', 'prompt'],
  storesAnswers: true,
  repeatsSearches: true,
  signalsEnd: true,
  // The error's own `type` is left out: the event's type is in that member.
  writeErrorEvent: (body, sequenceNumber) => {
    const event = { ...objectAt(body, 'error'), type: 'error', sequence_number: sequenceNumber };
    return `event: error\ndata: ${JSON.stringify(event)}\n\n`;
  },
  readRequest,
  writeRequest,
  readResponse,
  writeResponse,
  eventReader,
  eventWriter,
  toolNames: openaiToolNames,
  takesCustomTools: () => true,
  operationFor: () => 'responses',
};
