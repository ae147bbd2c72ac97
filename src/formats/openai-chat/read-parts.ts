// Content parts of chat messages to neutral parts.
// https://platform.openai.com/docs/api-reference/chat/create#chat-create-messages
import type { JsonObject } from '../../lib/json.ts';
import { isObject, textAt } from '../json-reader.ts';
import type { NeutralPart, TextPart } from '../neutral.ts';
import {
  mediaOfAudio,
  mediaOfFileData,
  mediaOfFileId,
  mediaOfUrl,
  readCacheMarker,
} from '../openai-media.ts';
import { readContentWith } from '../openai-parts.ts';
import type { RequestFaults } from '../request-fields.ts';
import { reasoningSignature, thinkingText } from './reasoning.ts';

/** A message's content: a string, parts, or nothing. Anything else is a fault. */
export function readContent(content: unknown, at: string, faults: RequestFaults): NeutralPart[] {
  return readContentWith(readPart, content, at, faults);
}

/** Content of which only text counts (system prompts). */
export function readTexts(content: unknown, at: string, faults: RequestFaults): TextPart[] {
  return readContent(content, at, faults).filter((part) => part.type === 'text');
}

function readPart(part: unknown, at: string, faults: RequestFaults): NeutralPart | undefined {
  if (typeof part === 'string') return { type: 'text', text: part, at };
  if (!isObject(part)) return faults.wrongType(at, 'an object', part);
  const read = readTyped(part, at, faults);
  return read && { ...read, at, ...readCacheMarker(part) };
}

function readTyped(part: JsonObject, at: string, faults: RequestFaults): NeutralPart | undefined {
  switch (part.type) {
    case 'text':
    // Clients mix up the two formats' names.
    case 'input_text':
    case 'output_text':
      if (typeof part.text !== 'string') return faults.wrongType(`${at}.text`, 'a string', part.text);
      return { type: 'text', text: part.text };
    case 'refusal':
      return { type: 'refusal', text: textAt(part, 'refusal') ?? '' };
    case 'image_url':
    case 'video_url':
    case 'document_url':
      return readUrlPart(part, part.type, at, faults);
    case 'input_audio':
      return readAudio(part, at, faults);
    case 'file':
      return readFile(part, at, faults);
    case 'thinking':
      return { type: 'reasoning', text: thinkingText(part), signature: reasoningSignature('thinking', []) };
    case undefined:
      return faults.missing(`${at}.type`);
    default:
      return { type: 'opaque', origin: 'openai-chat', wire: part };
  }
}

const urlKinds = { image_url: 'image', video_url: 'video', document_url: 'document' } as const;

/** `{url, detail}`, or the URL itself, as Mistral and many clients write it. */
function readUrlPart(
  part: JsonObject,
  type: keyof typeof urlKinds,
  at: string,
  faults: RequestFaults,
): NeutralPart | undefined {
  const member = part[type];
  const url = isObject(member) ? member.url : member;
  if (typeof url !== 'string') return faults.wrongType(`${at}.${type}.url`, 'a string', url);
  const detail = isObject(member) ? textAt(member, 'detail') : undefined;
  return { ...mediaOfUrl(urlKinds[type], url), ...(detail !== undefined && { detail }) };
}

function readAudio(
  { input_audio: audio }: JsonObject,
  at: string,
  faults: RequestFaults,
): NeutralPart | undefined {
  const data = isObject(audio) ? audio.data : undefined;
  if (!isObject(audio) || typeof data !== 'string')
    return faults.wrongType(`${at}.input_audio.data`, 'a string', data);
  return mediaOfAudio(data, textAt(audio, 'format') ?? 'wav');
}

function readFile({ file }: JsonObject, at: string, faults: RequestFaults): NeutralPart | undefined {
  if (!isObject(file)) return faults.wrongType(`${at}.file`, 'an object', file);
  const data = textAt(file, 'file_data');
  const id = textAt(file, 'file_id');
  if (data !== undefined) return mediaOfFileData(data, textAt(file, 'filename'));
  if (id !== undefined) return mediaOfFileId('document', id, 'openai-chat');
  return faults.missing(`${at}.file.file_data`);
}
