// Reads a whole chat completion, of any provider. Accepts any JSON: wrong shapes read as nothing.
// https://platform.openai.com/docs/api-reference/chat/object
import type { JsonObject } from '../../lib/json.ts';
import { answerFacts } from '../answer-end.ts';
import { isObject, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { NeutralCandidate, NeutralPart, NeutralResponse, TextPart, ToolCallPart } from '../neutral.ts';
import { readOpenaiError } from '../openai-error.ts';
import { readLogprobs } from '../openai-parts.ts';
import { madeCallId } from '../tool-ids.ts';
import { calledTool, isEmpty } from './call-states.ts';
import { readAnnotations, readSearchResults } from './citations.ts';
import { readAudio, readImages } from './read-media.ts';
import { readReasoning, reasoningSignature, thinkingText } from './reasoning.ts';
import { readStop } from './stop-reason.ts';
import { readChatTier, readChatUsage } from './usage.ts';

/** The answer. OpenRouter puts errors into bodies of status 200, also into single choices. */
export function readResponse(body: JsonObject): NeutralResponse {
  const choices = objectsAt(body, 'choices');
  const failed = choices.map(readOpenaiError).find((error) => error !== null) ?? null;
  return {
    id: textAt(body, 'id') ?? null,
    model: textAt(body, 'model') ?? null,
    createdAtSeconds: typeof body.created === 'number' ? body.created : null,
    candidates: choices.map((choice) => readChoice(choice, body)),
    usage: readChatUsage(objectAt(body, 'usage')),
    serviceTier: readChatTier(body),
    error: readOpenaiError(body) ?? failed,
    promptBlock: null,
  };
}

function readChoice(choice: JsonObject, body: JsonObject): NeutralCandidate {
  const message = objectAt(choice, 'message') ?? {};
  const reasoning = readReasoning(message);
  const parts: NeutralPart[] = [
    ...(reasoning
      ? [
          {
            type: 'reasoning' as const,
            text: reasoning.text,
            signature: reasoningSignature(reasoning.place, reasoning.details),
          },
        ]
      : []),
    ...withCitations(readAnswerContent(message.content, choice), [
      ...readAnnotations(message),
      ...readSearchResults(body),
    ]),
    ...readRefusal(message),
    ...readImages(message),
    ...[readAudio(message)].filter((part) => part !== null),
    ...readCalls(message, textAt(body, 'id') ?? ''),
  ];
  const error = readOpenaiError(choice);
  const stop = readStop(choice, answerFacts(parts));
  return { parts, stop: error === null ? stop : { reason: 'error', message: error.message } };
}

function readRefusal(message: JsonObject): NeutralPart[] {
  const text = textAt(message, 'refusal');
  return text === undefined ? [] : [{ type: 'refusal', text }];
}

/** A text, or parts (Mistral's reasoning models). */
function readAnswerContent(content: unknown, choice: JsonObject): NeutralPart[] {
  const logprobs = readLogprobs(objectAt(choice, 'logprobs')?.content);
  const text = (value: string): NeutralPart[] =>
    value === '' ? [] : [{ type: 'text', text: value, ...(logprobs.length > 0 && { logprobs }) }];
  if (typeof content === 'string') return text(content);
  if (!Array.isArray(content)) return [];
  return content.filter(isObject).flatMap((part): NeutralPart[] => {
    if (part.type !== 'thinking') return text(textAt(part, 'text') ?? '');
    return [{ type: 'reasoning', text: thinkingText(part), signature: reasoningSignature('thinking', []) }];
  });
}

/** Citations belong to the first text: only Mistral's parts have several. */
function withCitations(parts: NeutralPart[], citations: TextPart['citations'] & object): NeutralPart[] {
  const at = parts.findIndex(({ type }) => type === 'text');
  const text = parts[at];
  if (text?.type !== 'text' || citations.length === 0) return parts;
  return parts.with(at, { ...text, citations });
}

function readCalls(message: JsonObject, answerId: string): ToolCallPart[] {
  const calls = objectsAt(message, 'tool_calls').map((call) => ({
    id: textAt(call, 'id'),
    ...calledTool(call),
  }));
  const legacy = { id: undefined, ...calledTool({ function: message.function_call }) };
  const all = calls.length === 0 && legacy.name !== undefined ? [legacy] : calls;
  return all
    .filter((call) => call.id !== undefined || !isEmpty(call))
    .map(({ id, name, text, custom }, ordinal) => ({
      type: 'tool-call',
      id: id ?? madeCallId(answerId, ordinal),
      name: name ?? '',
      arguments: text === '' && !custom ? '{}' : text,
      ...(custom && { custom }),
    }));
}
