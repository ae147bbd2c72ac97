// A neutral answer as a whole message, for clients of the Messages API.
import type { JsonObject } from '../../lib/json.ts';
import { DroppedPaths } from '../dropped-paths.ts';
import type {
  NeutralPart,
  NeutralRequest,
  NeutralResponse,
  ReasoningPart,
  Stop,
  TextPart,
} from '../neutral.ts';
import {
  callIdWithState,
  PortableStateCollector,
  placeholderSignature,
  writePortableState,
} from '../portable-state.ts';
import { wantsReasoning } from '../reasoning.ts';
import { argumentsObject } from '../tool-arguments.ts';
import type { AnswerContext, WrittenResponse } from '../wire-format.ts';
import { writeErrorBody } from './errors.ts';
import { writeStop } from './stop-reason.ts';
import { writeUsage } from './usage.ts';
import { searchBlocks, writeCitation } from './write-search.ts';

export function writeResponse(response: NeutralResponse, context: AnswerContext): WrittenResponse {
  if (response.error !== null) return { body: writeErrorBody(response.error), dropped: [] };
  const drops = new DroppedPaths();
  const [candidate] = response.candidates;
  for (let index = 1; index < response.candidates.length; index++) drops.add(`candidates[${index}]`);
  const content = writeParts(candidate?.parts ?? [], context.request, drops);
  return {
    body: {
      ...messageHead(context, content),
      ...writeStop(
        candidate?.stop ?? blockedStop(response),
        candidate?.parts.some(({ type }) => type === 'tool-call'),
      ),
      usage: writeUsage(response.usage, response.serviceTier),
    },
    dropped: drops.list,
  };
}

/** The model called the tool itself, and no code of its own did: `ResponseToolUseBlock.caller` (required, 2026-11). */
export const directCaller = { type: 'direct' } as const;

/** What begins a message, whole or streamed. */
export function messageHead({ answerId, model }: AnswerContext, content: JsonObject[]): JsonObject {
  return {
    id: `msg_${answerId}`,
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
  };
}

/** A prompt that was refused has no candidate: the turn ends as a refusal. */
export function blockedStop({ promptBlock }: Pick<NeutralResponse, 'promptBlock'>): Stop {
  if (promptBlock === null) return { reason: 'unknown' };
  return {
    reason: 'content-filter',
    message: promptBlock.message ?? `The prompt was blocked: ${promptBlock.reason}.`,
  };
}

/** Callers that did not request reasoning get none; its signatures then travel in the tool calls. */
export function showsThinking(request: NeutralRequest): boolean {
  return wantsReasoning(request.reasoning);
}

function writeParts(
  parts: readonly NeutralPart[],
  request: NeutralRequest,
  drops: DroppedPaths,
): JsonObject[] {
  const state = new PortableStateCollector();
  const shown = showsThinking(request);
  return parts.flatMap((part, index): JsonObject[] => {
    if (!shown) state.add(part);
    switch (part.type) {
      case 'text':
        return part.text === '' ? [] : [textBlock(part)];
      case 'refusal':
        return [{ type: 'text', text: part.text, citations: null }];
      case 'reasoning':
        return shown ? [thinkingBlock(part)] : [];
      case 'tool-call': {
        const id = callIdWithState(part.id, state.take(part.signature));
        return [
          {
            type: 'tool_use',
            id,
            name: part.name,
            input: argumentsObject(part.arguments),
            caller: directCaller,
          },
        ];
      }
      case 'web-search':
        return searchBlocks(part);
      case 'media':
        drops.add(part.at || `content[${index}]`);
        return part.transcript ? [textBlock({ type: 'text', text: part.transcript })] : [];
      default:
        drops.add(part.at || `content[${index}]`);
        return [];
    }
  });
}

function textBlock({ text, citations = [] }: TextPart): JsonObject {
  const written = citations.flatMap((citation) => writeCitation(citation) ?? []);
  return { type: 'text', text, citations: written.length > 0 ? written : null };
}

/** Reasoning without readable text is redacted. Another provider's signature is written as a portable state. */
function thinkingBlock({ text, paragraphs, signature }: Omit<ReasoningPart, 'type'>): JsonObject {
  const value = signatureOf(paragraphs, signature);
  if (text === '' && signature?.kind === 'encrypted') return { type: 'redacted_thinking', data: value };
  return { type: 'thinking', thinking: text, signature: value };
}

/** Never empty: a client that hands the thought to Claude later must not pass it off as Claude's. */
export function signatureOf(paragraphs: string[] | undefined, signature: ReasoningPart['signature']): string {
  if (signature === undefined) return placeholderSignature;
  if (signature.origin === 'anthropic-messages') return signature.value;
  return writePortableState(
    { reasoning: [{ text: '', ...(paragraphs && { paragraphs }), signature }] },
    'base64url',
  );
}
