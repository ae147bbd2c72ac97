// Moderations.
import { modelField } from '../required-fields.ts';
import { apiRoute, type WireFormat } from '../wire-format.ts';
import { moderationsObserver } from './observer.ts';

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
