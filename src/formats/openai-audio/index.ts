// Speech, and transcription with translation.
import { modelField } from '../request-checks.ts';
import { apiRoute, type WireFormat } from '../wire-format.ts';
import { speechObserver, transcriptionObserver } from './observer.ts';

export const openaiSpeech: WireFormat = {
  id: 'openai-speech',
  api: 'openai',
  task: 'speech',
  routes: [apiRoute('speech', '/v1/audio/speech')],
  observer: speechObserver,
  requiredFields: () => [modelField, { field: 'input', type: 'string' }],
};

export const openaiTranscription: WireFormat = {
  id: 'openai-transcription',
  api: 'openai',
  task: 'transcription',
  routes: [
    apiRoute('transcriptions', '/v1/audio/transcriptions', { body: 'form' }),
    apiRoute('translations', '/v1/audio/translations', { body: 'form' }),
  ],
  observer: transcriptionObserver,
  requiredFields: () => [modelField],
};
