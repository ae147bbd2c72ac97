// Legacy completions. Nothing is translated to them: a channel that speaks them is reached natively or not at all.
import { modelField, requestCounts, streamFields } from '../request-checks.ts';
import { apiRoute, type CallerFormat, type WireFormat } from '../wire-format.ts';
import { readRequest } from './read-request.ts';
import { completionsObserver } from './usage.ts';
import { eventWriter } from './write-events.ts';
import { writeResponse } from './write-response.ts';

export const openaiCompletions: WireFormat & CallerFormat = {
  id: 'openai-completions',
  api: 'openai',
  task: 'conversation',
  routes: [apiRoute('completions', '/v1/completions')],
  observer: completionsObserver,
  // `prompt` has a default: https://platform.openai.com/docs/api-reference/completions/create
  requiredFields: () => [modelField, ...streamFields],
  countFields: (body) => [
    [body, 'n', requestCounts.choices],
    [body, 'best_of', requestCounts.choices],
  ],
  outputFields: (body) => ({
    maxTokens: [body.max_tokens],
    answers: [body.n, body.best_of],
    prompts: countPrompts(body.prompt),
  }),
  needsUsageOption: true,
  readRequest,
  writeResponse,
  eventWriter,
};

/** Each prompt of a list is answered. A list of numbers is one prompt, as tokens. */
function countPrompts(prompt: unknown): number {
  return Array.isArray(prompt) && typeof prompt[0] !== 'number' ? Math.max(1, prompt.length) : 1;
}
