// Moderations.

import type { JsonObject } from '../../lib/json.ts';
import { countAt, errorName, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { Observation, WireObserver } from '../observation.ts';
import { modelField } from '../request-checks.ts';
import { usageOf } from '../usage.ts';
import { apiRoute, type WireFormat } from '../wire-format.ts';

/** https://platform.openai.com/docs/api-reference/moderations */
const moderationsObserver: WireObserver = { event: read, body: read };

function read(observation: Observation, answer: JsonObject): void {
  const tokens = countAt(objectAt(answer, 'usage'), 'prompt_tokens');
  if (tokens !== undefined) observation.usage = usageOf({ inputTokens: tokens });
  observation.model = textAt(answer, 'model') ?? observation.model;
  observation.error ??= errorName(answer) ?? null;
  if (objectsAt(answer, 'results').length > 0) observation.started = true;
}

export const openaiModerations: WireFormat = {
  id: 'openai-moderations',
  api: 'openai',
  task: 'moderation',
  routes: [
    apiRoute('moderations', '/v1/moderations', { free: true, defaultModel: 'omni-moderation-latest' }),
  ],
  observer: moderationsObserver,
  requiredFields: () => [
    { ...modelField, optional: true },
    { field: 'input', type: 'any' },
  ],
};
