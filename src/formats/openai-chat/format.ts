// Chat completions as a format that can be translated from and to.
import type { TranslatedFormat } from '../translation.ts';
import { eventReader } from './read-events.ts';
import { readRequest } from './read-request.ts';
import { readResponse } from './read-response.ts';
import { eventWriter } from './write-events.ts';
import { writeRequest } from './write-request.ts';
import { writeResponse } from './write-response.ts';

/** Of OpenAI and of everyone who copied it. */
export const chatFormat: TranslatedFormat = {
  readRequest,
  writeRequest,
  readResponse,
  writeResponse,
  eventReader,
  eventWriter,
};
