// Legacy completions as a format that callers speak. It is never a target: a channel that speaks it is reached
// natively or not at all.
import type { TranslatedFormat } from '../translation.ts';
import { readRequest } from './read-request.ts';
import { eventWriter } from './write-events.ts';
import { writeResponse } from './write-response.ts';

/** Only a caller's side. */
export const completionsFormat: Pick<TranslatedFormat, 'readRequest' | 'writeResponse' | 'eventWriter'> = {
  readRequest,
  writeResponse,
  eventWriter,
};
