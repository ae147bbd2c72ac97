// generateContent: everything that other layers use of this format.
import type { TranslatedFormat } from '../translation.ts';
import { generateEventReader } from './read-events.ts';
import { readGenerateRequest } from './read-request.ts';
import { readGenerated } from './read-response.ts';
import { generateEventWriter } from './write-events.ts';
import { writeGenerateRequest } from './write-request.ts';
import { writeGenerated } from './write-response.ts';

export { generateObserver } from './observer.ts';

export const generateFormat: TranslatedFormat = {
  readRequest: readGenerateRequest,
  writeRequest: writeGenerateRequest,
  readResponse: readGenerated,
  writeResponse: writeGenerated,
  eventReader: generateEventReader,
  eventWriter: generateEventWriter,
};
