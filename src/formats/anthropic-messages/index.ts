// The Messages API: everything that other layers use of this format.
import type { TranslatedFormat } from '../translation.ts';
import { messagesEventReader } from './read-events.ts';
import { readMessagesRequest } from './read-request.ts';
import { readMessage } from './read-response.ts';
import { messagesEventWriter } from './write-events.ts';
import { writeMessagesRequest } from './write-request.ts';
import { writeMessage } from './write-response.ts';

export { messagesObserver } from './observer.ts';

export const messagesFormat: TranslatedFormat = {
  readRequest: readMessagesRequest,
  writeRequest: writeMessagesRequest,
  readResponse: readMessage,
  writeResponse: writeMessage,
  eventReader: messagesEventReader,
  eventWriter: messagesEventWriter,
};
