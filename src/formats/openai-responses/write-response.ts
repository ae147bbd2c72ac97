// A neutral answer to a whole response object.
import type { JsonObject } from '../../lib/json.ts';
import { answerFacts, blockedCandidate, explainedParts } from '../answer-end.ts';
import { DroppedPaths } from '../dropped-paths.ts';
import type { NeutralCandidate, NeutralPart, NeutralResponse, TextPart } from '../neutral.ts';
import { writeOpenaiError } from '../openai-error.ts';
import { writeLogprobs } from '../openai-parts.ts';
import type { AnswerContext, WrittenResponse } from '../wire-format.ts';
import { writeCitation } from './citations.ts';
import {
  callItem,
  callPrefix,
  callShape,
  callText,
  clientCallId,
  type ItemStatus,
  imageItem,
  itemId,
  messageItem,
  reasoningItem,
  refusalContent,
  searchItem,
  textContent,
} from './items.ts';
import { responseObject } from './response-object.ts';
import { failed, writeStop } from './stop-reason.ts';

/** The answer on the wire. An answer that is only an error is OpenAI's error body. */
export function writeResponse(response: NeutralResponse, context: AnswerContext): WrittenResponse {
  const { error, promptBlock, candidates } = response;
  if (error !== null && candidates.length === 0)
    return { body: { error: writeOpenaiError(error) }, dropped: [] };
  const dropped = new DroppedPaths();
  // One answer is all that there is room for.
  for (const index of candidates.slice(1).keys()) dropped.add(`candidates[${index + 1}]`);
  const candidate = promptBlock === null ? (candidates[0] ?? nothing) : blockedCandidate(promptBlock);
  const facts = answerFacts(candidate.parts);
  const ending =
    error === null ? writeStop(candidate.stop, facts) : failed(error.code ?? 'server_error', error.message);
  const progress = {
    createdAtSeconds: response.createdAtSeconds ?? context.nowSeconds,
    ending,
    output: writeOutput(
      explainedParts(candidate),
      context,
      ending.status === 'completed' ? 'completed' : 'incomplete',
      dropped,
    ),
    usage: response.usage,
    serviceTier: response.serviceTier,
  };
  return { body: responseObject(context, progress), dropped: dropped.list };
}

const nothing: NeutralCandidate = { parts: [], stop: { reason: 'unknown' } };

/** `lastStatus`: that of a message or a call at the end, which an answer may break off in. */
function writeOutput(
  parts: readonly NeutralPart[],
  context: AnswerContext,
  lastStatus: ItemStatus,
  dropped: DroppedPaths,
): JsonObject[] {
  const output: JsonObject[] = [];
  for (let at = 0; at < parts.length; ) {
    const end = endOfMessage(parts, at);
    const index = output.length;
    const status = end === parts.length ? lastStatus : 'completed';
    const item =
      end > at
        ? writeMessage(parts.slice(at, end), context, index, status, dropped)
        : writeItem(parts[at], context, index, at === parts.length - 1 ? lastStatus : 'completed');
    if (item === null) dropped.add(parts[at]?.at || `candidates[0].parts[${at}]`);
    else output.push(item);
    at = Math.max(end, at + 1);
  }
  return output;
}

/** Texts and refusals that follow one another are contents of one message. */
function endOfMessage(parts: readonly NeutralPart[], start: number): number {
  let end = start;
  while (parts[end]?.type === 'text' || parts[end]?.type === 'refusal') end += 1;
  return end;
}

function writeMessage(
  parts: readonly NeutralPart[],
  { answerId }: AnswerContext,
  index: number,
  status: ItemStatus,
  dropped: DroppedPaths,
): JsonObject {
  const content = parts.flatMap((part) => {
    if (part.type === 'refusal') return [refusalContent(part.text)];
    return part.type === 'text' ? [writeText(part, dropped)] : [];
  });
  return messageItem(itemId('msg', answerId, index), status, content);
}

function writeText({ text, citations, logprobs }: TextPart, dropped: DroppedPaths): JsonObject {
  const annotations = (citations ?? []).flatMap((citation) => {
    const written = writeCitation(citation, text.length);
    if (written === null) dropped.add('citations');
    return written ?? [];
  });
  return textContent(text, annotations as JsonObject[], writeLogprobs(logprobs ?? [], []));
}

function writeItem(
  part: NeutralPart | undefined,
  { answerId, request }: AnswerContext,
  index: number,
  status: ItemStatus,
): JsonObject | null {
  switch (part?.type) {
    case 'reasoning': {
      const paragraphs = part.paragraphs ?? (part.text === '' ? [] : [part.text]);
      return reasoningItem(itemId('rs', answerId, index), paragraphs, part.signature);
    }
    case 'tool-call': {
      const shape = callShape(request, part);
      const id = itemId(callPrefix(shape), answerId, index);
      const call = { callId: clientCallId(part), shape };
      return callItem(id, status, call, callText(shape, part.arguments));
    }
    case 'media':
      return imageItem(itemId('ig', answerId, index), part);
    case 'web-search':
      return searchItem(itemId('ws', answerId, index), part);
    case 'opaque':
      return part.origin === 'openai-responses' ? part.wire : null;
    default:
      return null;
  }
}
