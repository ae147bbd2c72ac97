// A whole answer of generateContent to the neutral form.

import type { JsonObject } from '../../lib/json.ts';
import { withOverflow } from '../context-overflow.ts';
import { isLosable } from '../dropped-paths.ts';
import type { NeutralCandidate, NeutralError, NeutralPart, NeutralResponse } from '../neutral.ts';
import { madeCallId } from '../tool-ids.ts';
import { readGrounding } from './citations.ts';
import { readLogprobs } from './logprobs.ts';
import { numberOf, objectOf, objectsOf, textOf } from './members.ts';
import { readPart } from './read-parts.ts';
import { readStop } from './stop-reason.ts';
import { readGenerateUsage } from './usage.ts';

export function readResponse(body: JsonObject): NeutralResponse {
  const id = textOf(body, 'responseId') ?? null;
  const metadata = objectOf(body, 'usageMetadata');
  return {
    id,
    model: textOf(body, 'modelVersion') ?? null,
    createdAtSeconds: null,
    candidates: objectsOf(body, 'candidates').map((candidate, index) =>
      readCandidate(candidate, id ?? 'gemini', `candidates[${index}].content.parts`),
    ),
    usage: readGenerateUsage(metadata),
    serviceTier: textOf(metadata, 'serviceTier') ?? null,
    error: objectOf(body, 'error') === undefined ? null : readError(body),
    promptBlock: readPromptBlock(body),
  };
}

function readCandidate(candidate: JsonObject, answerId: string, at: string): NeutralCandidate {
  const parts = joinTexts(readParts(objectsOf(objectOf(candidate, 'content'), 'parts'), answerId, at));
  const texts = parts.filter((part) => part.type === 'text');
  const grounding = readGrounding(candidate, texts.map(({ text }) => text).join(''), `search_${answerId}`);
  const [text] = texts;
  const logprobs = readLogprobs(candidate);
  if (text !== undefined && grounding.citations.length > 0) text.citations = grounding.citations;
  if (text !== undefined && logprobs.length > 0) text.logprobs = logprobs;
  const hasCalls = parts.some(({ type }) => type === 'tool-call');
  return {
    parts: grounding.search === null ? parts : [grounding.search, ...parts],
    stop: readStop(candidate, hasCalls) ?? { reason: 'unknown' },
  };
}

function readParts(wires: readonly JsonObject[], answerId: string, at: string): NeutralPart[] {
  let calls = 0;
  return wires.map((wire, index) => {
    const { part } = readPart(wire, () => madeCallId(answerId, calls));
    if (part.type === 'tool-call') calls += 1;
    return isLosable(part) ? { ...part, at: `${at}[${index}]` } : part;
  });
}

/** Neighbouring texts and thoughts come in pieces; an empty one may only bring the signature of what it follows. */
function joinTexts(parts: readonly NeutralPart[]): NeutralPart[] {
  const joined: NeutralPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (part.type === 'text' && last?.type === 'text') {
      last.text += part.text;
      if (part.signature !== undefined) last.signature = part.signature;
    } else if (part.type === 'reasoning' && last?.type === 'reasoning') {
      last.text += part.text;
      if (part.signature !== undefined) last.signature = part.signature;
    } else joined.push({ ...part });
  }
  return joined.filter((part) => part.type !== 'text' || part.text !== '' || part.signature !== undefined);
}

/** Why the prompt was refused; null when it was not. */
export function readPromptBlock(body: JsonObject): NeutralResponse['promptBlock'] {
  const feedback = objectOf(body, 'promptFeedback');
  if (feedback === undefined) return null;
  // Feedback instead of an answer is a refusal, with its reason or without.
  const silent = objectsOf(body, 'candidates').length === 0 ? 'BLOCK_REASON_UNSPECIFIED' : undefined;
  const reason = textOf(feedback, 'blockReason') ?? silent;
  return reason === undefined ? null : { reason, message: textOf(feedback, 'blockReasonMessage') };
}

/** `{error: {code, message, status}}`. */
export function readError(body: JsonObject): NeutralError {
  const error = objectOf(body, 'error');
  const status = numberOf(error, 'code');
  return withOverflow({
    status: status !== undefined && status >= 400 ? status : null,
    type: textOf(error, 'status') ?? null,
    code: null,
    message: textOf(error, 'message') ?? 'The model provider reported an error.',
    param: null,
  });
}
