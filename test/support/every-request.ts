// Every recorded request of the four formats, read by its own format.
import { messagesFormat } from '../../src/formats/anthropic-messages/index.ts';
import { generateFormat } from '../../src/formats/gemini-generate/index.ts';
import { isObject } from '../../src/formats/json-reader.ts';
import type { NeutralRequest } from '../../src/formats/neutral.ts';
import { chatFormat } from '../../src/formats/openai-chat/index.ts';
import { responsesFormat } from '../../src/formats/openai-responses/index.ts';
import type { TranslatedFormat } from '../../src/formats/translation.ts';
import { allFixtures, kindOf } from './fixtures.ts';

const formats: Partial<Record<string, TranslatedFormat>> = {
  chat: chatFormat,
  responses: responsesFormat,
  messages: messagesFormat,
  generate: generateFormat,
};

/** Those that were answered, by name; the refused ones are wrong on purpose, and a stored prompt says nothing here. */
export function everyRequest(): [string, NeutralRequest][] {
  return allFixtures().flatMap((fixture): [string, NeutralRequest][] => {
    const { meta, name, request: body } = fixture;
    const format = formats[kindOf(fixture) ?? ''];
    if (format === undefined || meta.status !== 200 || !isObject(body) || /sub|count/.test(meta.endpoint))
      return [];
    const request = format.readRequest(body, {
      model: String(meta.model ?? body.model),
      stream: meta.stream,
    });
    return 'ok' in request || request.messages.length === 0 ? [] : [[name, request]];
  });
}
