// Reads a whole response object, of any provider. Accepts any JSON: wrong shapes read as nothing.
// https://platform.openai.com/docs/api-reference/responses/object
import type { JsonObject } from '../../lib/json.ts';
import { answerFacts } from '../answer-end.ts';
import { isLosable } from '../dropped-paths.ts';
import { objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { NeutralPart, NeutralResponse } from '../neutral.ts';
import { readOpenaiError } from '../openai-error.ts';
import { readItem } from './read-items.ts';
import { readOutputText } from './read-parts.ts';
import { readStop } from './stop-reason.ts';
import { readResponsesUsage } from './usage.ts';

/** The answer: one candidate, whose parts are the items' contents in order. */
export function readResponse(body: JsonObject): NeutralResponse {
  const parts = objectsAt(body, 'output').flatMap((item, index) =>
    readOutputItem(item).map((part) => (isLosable(part) ? { ...part, at: `output[${index}]` } : part)),
  );
  const error = readOpenaiError(body);
  const answered = Array.isArray(body.output) || body.status !== undefined;
  return {
    id: textAt(body, 'id') ?? null,
    model: textAt(body, 'model') ?? null,
    createdAtSeconds: createdAt(body),
    candidates: answered ? [{ parts, stop: readStop(body, answerFacts(parts)) }] : [],
    usage: readResponsesUsage(objectAt(body, 'usage')),
    serviceTier: textAt(body, 'service_tier') ?? null,
    error,
    promptBlock: null,
  };
}

/** In whole seconds. Null if absent. */
export function createdAt({ created_at: created }: JsonObject): number | null {
  return typeof created === 'number' && created > 0 ? Math.floor(created) : null;
}

/** The parts of one output item. */
function readOutputItem(item: JsonObject): NeutralPart[] {
  return item.type === 'message' ? objectsAt(item, 'content').flatMap(readContentPart) : readItem(item);
}

/** Text and refusals; what else a message may hold is only for this format. */
function readContentPart(part: JsonObject): NeutralPart[] {
  switch (part.type) {
    case 'output_text':
    case 'text': {
      const text = readOutputText(part);
      return text.type === 'text' && text.text === '' ? [] : [text];
    }
    case 'refusal':
      return [{ type: 'refusal', text: textAt(part, 'refusal') ?? '' }];
    default:
      return [{ type: 'opaque', origin: 'openai-responses', wire: part }];
  }
}
