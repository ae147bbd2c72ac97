// Content parts of Responses' messages and tool outputs to neutral parts.
// https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
import type { JsonObject } from '../../lib/json.ts';
import { isObject, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { NeutralPart } from '../neutral.ts';
import {
  mediaOfAudio,
  mediaOfFileData,
  mediaOfFileId,
  mediaOfUrl,
  readCacheMarker,
} from '../openai-media.ts';
import { readContentWith, readLogprobs } from '../openai-parts.ts';
import type { RequestFaults } from '../request-fields.ts';
import { readCitations } from './citations.ts';

/** A message's content or a tool's output: a string, parts, or nothing. Anything else is a fault. */
export function readContent(content: unknown, at: string, faults: RequestFaults): NeutralPart[] {
  return readContentWith(readPart, content, at, faults);
}

function readPart(part: unknown, at: string, faults: RequestFaults): NeutralPart | undefined {
  if (!isObject(part)) return faults.wrongType(at, 'an object', part);
  const read = readTyped(part, at, faults);
  return read && { ...read, at, ...readCacheMarker(part) };
}

function readTyped(part: JsonObject, at: string, faults: RequestFaults): NeutralPart | undefined {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      if (typeof part.text !== 'string') return faults.wrongType(`${at}.text`, 'a string', part.text);
      return readOutputText(part);
    case 'refusal':
      return { type: 'refusal', text: textAt(part, 'refusal') ?? '' };
    case 'input_image':
      return readImage(part, at, faults);
    case 'input_file':
      return readFile(part, at, faults);
    case 'input_audio': {
      const audio = objectAt(part, 'input_audio');
      const data = textAt(audio, 'data');
      if (data === undefined) return faults.missing(`${at}.input_audio.data`);
      return mediaOfAudio(data, textAt(audio, 'format') ?? 'wav');
    }
    case undefined:
      return faults.missing(`${at}.type`);
    default:
      return { type: 'opaque', origin: 'openai-responses', wire: part };
  }
}

/** Text of a question or an answer: with citations and log probabilities where it has some. */
export function readOutputText(part: JsonObject): NeutralPart {
  const citations = readCitations(objectsAt(part, 'annotations'));
  const logprobs = readLogprobs(part.logprobs);
  return {
    type: 'text',
    text: textAt(part, 'text') ?? '',
    ...(citations.length > 0 && { citations }),
    ...(logprobs.length > 0 && { logprobs }),
  };
}

function readImage(part: JsonObject, at: string, faults: RequestFaults): NeutralPart | undefined {
  // Chat's shape, which clients mix up with this one.
  const url = textAt(part, 'image_url') ?? textAt(objectAt(part, 'image_url'), 'url');
  const id = textAt(part, 'file_id');
  const detail = textAt(part, 'detail');
  const details = detail === undefined ? {} : { detail };
  if (url !== undefined) return { ...mediaOfUrl('image', url), ...details };
  if (id !== undefined) return { ...mediaOfFileId('image', id, 'openai-responses'), ...details };
  return faults.missing(`${at}.image_url`);
}

function readFile(part: JsonObject, at: string, faults: RequestFaults): NeutralPart | undefined {
  const data = textAt(part, 'file_data');
  const url = textAt(part, 'file_url');
  const id = textAt(part, 'file_id');
  const name = textAt(part, 'filename');
  if (data !== undefined) return mediaOfFileData(data, name);
  if (url !== undefined)
    return { ...mediaOfUrl('document', url), ...(name !== undefined && { fileName: name }) };
  if (id !== undefined) return mediaOfFileId('document', id, 'openai-responses');
  return faults.missing(`${at}.file_data`);
}
