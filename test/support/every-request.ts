// Every recorded request of the four formats, read by its own format.
import { anthropicMessages } from '../../src/formats/anthropic-messages/index.ts';
import { geminiGenerate } from '../../src/formats/gemini-generate/index.ts';
import { isObject } from '../../src/formats/json-reader.ts';
import type { NeutralRequest } from '../../src/formats/neutral.ts';
import { openaiChat } from '../../src/formats/openai-chat/index.ts';
import { openaiResponses } from '../../src/formats/openai-responses/index.ts';
import type { ConversationFormat } from '../../src/formats/wire-format.ts';
import { allFixtures, kindOf } from './fixtures.ts';

const formats: Partial<Record<string, ConversationFormat>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
  'gemini-generate': geminiGenerate,
};

/**
 * The requests that succeeded, by name. Refused ones are invalid on purpose, and a stored prompt has no content
 * here.
 */
export function everyRequest(): [string, NeutralRequest][] {
  return allFixtures().flatMap((fixture): [string, NeutralRequest][] => {
    const { meta, name, request: body } = fixture;
    const format = formats[kindOf(fixture) ?? ''];
    if (format === undefined || meta.status !== 200 || !isObject(body) || /sub|count/.test(meta.endpoint))
      return [];
    const read = format.readRequest(body, {
      model: String(meta.model ?? body.model),
      stream: meta.stream,
    });
    return !read.ok || read.request.messages.length === 0 ? [] : [[name, read.request]];
  });
}
