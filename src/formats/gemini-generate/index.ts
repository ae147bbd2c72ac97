// generateContent, of the Gemini API and Vertex.
import type { JsonObject } from '../../lib/json.ts';
import { isObject, objectAt } from '../json-reader.ts';
import { requestCounts } from '../request-checks.ts';
import { apiRoute, type ConversationFormat, type CountField, type OutputFields } from '../wire-format.ts';
import { observer } from './observer.ts';
import { eventReader } from './read-events.ts';
import { readRequest } from './read-request.ts';
import { readResponse } from './read-response.ts';
import { eventWriter } from './write-events.ts';
import { writeRequest } from './write-request.ts';
import { writeResponse } from './write-response.ts';

export const geminiGenerate: ConversationFormat = {
  id: 'gemini-generate',
  api: 'gemini',
  task: 'conversation',
  routes: [
    apiRoute('generate-content', '/v1beta/models/{model}:generateContent'),
    apiRoute('stream-generate-content', '/v1beta/models/{model}:streamGenerateContent'),
    apiRoute('count-tokens', '/v1beta/models/{model}:countTokens', { purpose: 'count', free: true }),
  ],
  observer,
  requiredFields: (body, isCounting) => [
    { field: 'contents', type: 'any', optional: isCounting && isObject(body.generateContentRequest) },
  ],
  countFields,
  outputFields,
  historyFields: ['cachedContent', 'cached_content'],
  signalsEnd: true,
  // Google's Go and Python SDKs reject comments.
  ping: null,
  writeErrorEvent: (body) => `data: ${JSON.stringify(body)}\r\n\r\n`,
  readRequest,
  writeRequest,
  readResponse,
  writeResponse,
  eventReader,
  eventWriter,
  // Source: Google's reference of FunctionDeclaration.
  toolNames: { illegal: /[^a-zA-Z0-9_.:-]/g, maximumLength: 64, firstIsLetter: true },
  takesCustomTools: () => false,
  operationFor: (isStreaming) => (isStreaming ? 'stream-generate-content' : 'generate-content'),
};

function countFields(body: JsonObject): CountField[] {
  return ['generationConfig', 'generation_config'].flatMap((config): CountField[] => {
    const holder = body[config];
    if (!isObject(holder)) return [];
    const bound = requestCounts.candidates;
    return [
      [holder, `${config}.candidateCount`, bound],
      [holder, `${config}.candidate_count`, bound],
    ];
  });
}

function outputFields(body: JsonObject): OutputFields {
  const config = generationConfigOf(body);
  const thinking = objectAt(config, 'thinkingConfig') ?? objectAt(config, 'thinking_config');
  return {
    maxTokens: [config.maxOutputTokens, config.max_output_tokens],
    reasoningTokens: [thinking?.thinkingBudget, thinking?.thinking_budget],
    answers: [config.candidateCount, config.candidate_count],
  };
}

/** The settings, which are taken in both spellings. */
function generationConfigOf(body: JsonObject): JsonObject {
  const camel = isObject(body.generationConfig) ? body.generationConfig : {};
  const snake = isObject(body.generation_config) ? body.generation_config : {};
  return { ...snake, ...camel };
}
