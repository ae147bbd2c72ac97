// Images: generations, edits and variations.
import { modelField, requestCounts } from '../request-checks.ts';
import { apiRoute, type WireFormat } from '../wire-format.ts';
import { imagesObserver } from './observer.ts';

const defaultModel = 'dall-e-2';

export const openaiImages: WireFormat = {
  id: 'openai-images',
  api: 'openai',
  task: 'images',
  routes: [
    apiRoute('image-generations', '/v1/images/generations', { defaultModel }),
    apiRoute('image-edits', '/v1/images/edits', { body: 'form', defaultModel }),
    apiRoute('image-variations', '/v1/images/variations', { body: 'form', defaultModel }),
  ],
  observer: imagesObserver,
  requiredFields: () => [{ ...modelField, optional: true }],
  countFields: (body) => [
    [body, 'n', requestCounts.images],
    [body, 'partial_images', requestCounts.partialImages],
  ],
};
