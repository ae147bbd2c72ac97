// Neutral events to the chunks of a streamed chat completion, exactly as OpenAI shapes them.
// https://platform.openai.com/docs/api-reference/chat-streaming

import { blockText, errorOfEnd, explanationOf, isFailedEnd } from '../answer-end.ts';
import { DroppedPaths } from '../dropped-paths.ts';
import { objectAt } from '../json-reader.ts';
import type { Citation, NeutralError, NeutralEvent, Stop } from '../neutral.ts';
import { writeOpenaiError } from '../openai-error.ts';
import { writeLogprobs } from '../openai-parts.ts';
import { paragraphBreak } from '../reasoning.ts';
import type { AnswerContext, EventWriter } from '../wire-format.ts';
import { choiceOf, chunk, headOf, type OutputState, openChoice, rawChunk } from './chunks.ts';
import { writeAnnotation } from './citations.ts';
import { writeStop } from './stop-reason.ts';
import { writeChatUsage } from './usage.ts';
import { writeCall } from './write-call-events.ts';
import { audioLifetimeSeconds, imageMember, imageUrl, isForeign } from './write-response.ts';

/** A writer of one stream. */
export function eventWriter(context: AnswerContext): EventWriter {
  const includesUsage = objectAt(context.body, 'stream_options')?.include_usage === true;
  const state: OutputState = {
    context,
    dropped: new DroppedPaths(),
    choices: new Map(),
    head: headOf(context, context.nowSeconds),
    tail: includesUsage ? ',"usage":null}\n\n' : '}\n\n',
    usage: null,
    includesUsage,
    ended: false,
    unfinished: new Set(),
    failure: null,
  };
  return {
    write: (event) => writeEvent(state, event),
    end: () => endStream(state),
    get dropped() {
      return state.dropped.list;
    },
    nextSequenceNumber: 0,
  };
}

function endStream({ ended, includesUsage, usage, head, failure }: OutputState): string {
  if (!ended) return '';
  const last = includesUsage && usage ? `${head}],"usage":${JSON.stringify(writeChatUsage(usage))}}\n\n` : '';
  return last + (failure === null ? 'data: [DONE]\n\n' : errorChunk(errorOfEnd(failure)));
}

function errorChunk(error: NeutralError): string {
  return `data: ${JSON.stringify({ error: writeOpenaiError(error) })}\n\n`;
}

function writeEvent(state: OutputState, event: NeutralEvent): string {
  switch (event.type) {
    case 'message-start':
      state.head = headOf(state.context, event.createdAtSeconds ?? state.context.nowSeconds);
      return openChoice(state, 0).text;
    case 'usage-set':
      state.usage = event.usage;
      return '';
    case 'prompt-block': {
      const refusal = blockText(event);
      return chunk(state, 0, { refusal }) + finish(state, 0, { reason: 'content-filter' });
    }
    case 'error':
      return errorChunk(event.error);
    case 'message-end':
      state.ended = true;
      return [...state.unfinished]
        .map((candidate) => finish(state, candidate, { reason: 'unknown' }))
        .join('');
    case 'candidate-end':
      return finish(state, event.candidate, event.stop);
    default:
      return writePartEvent(state, event);
  }
}

type PartEvent = Exclude<
  NeutralEvent,
  { type: 'message-start' | 'usage-set' | 'prompt-block' | 'error' | 'message-end' | 'candidate-end' }
>;

function writePartEvent(state: OutputState, event: PartEvent): string {
  switch (event.type) {
    case 'text-start':
      return startText(state, event.candidate);
    case 'text-delta':
      return writeText(state, event);
    case 'refusal-delta':
      choiceOf(state, event.candidate).refused = true;
      return chunk(state, event.candidate, { refusal: event.text });
    case 'reasoning-start':
    case 'reasoning-delta':
    case 'reasoning-end':
      return writeThought(state, event);
    case 'tool-call-start':
    case 'tool-call-delta':
    case 'tool-call-end':
      return writeCall(state, event);
    case 'citation-add':
      return cite(state, event);
    case 'audio-delta':
      return speak(state, event);
    case 'part-add':
      return addPart(state, event);
    case 'text-end':
      return endText(state, event.candidate);
    case 'refusal-start':
    case 'refusal-end':
      return '';
  }
}

/** An end that the upstream did not report is written only if its stream was whole. */
function finish(state: OutputState, candidate: number, stop: Stop): string {
  if (stop.reason === 'unknown' && stop.raw === undefined && !state.ended) {
    state.unfinished.add(candidate);
    return openChoice(state, candidate).text;
  }
  const { choice, text } = openChoice(state, candidate);
  if (isFailedEnd(stop)) state.failure ??= stop;
  const refusal = explanationOf(stop, choice.refused);
  const explained = refusal === undefined ? '' : chunk(state, candidate, { refusal });
  const reason = JSON.stringify(writeStop(stop, { refusal: choice.refused }));
  return text + explained + rawChunk(state, candidate, '{}', 'null', reason);
}

// ---- Text -----------------------------------------------------------------------------------------------

function startText(state: OutputState, candidate: number): string {
  const { choice, text } = openChoice(state, candidate);
  choice.textBefore += choice.textLength;
  choice.textLength = 0;
  choice.textOpen = true;
  return text;
}

function writeText(state: OutputState, event: Extract<PartEvent, { type: 'text-delta' }>): string {
  const { candidate, text, logprobs } = event;
  const begin = openChoice(state, candidate);
  begin.choice.carries.observe(event);
  begin.choice.textLength += text.length;
  const found = logprobs ? { content: writeLogprobs(logprobs), refusal: null } : undefined;
  return begin.text + chunk(state, candidate, { content: text }, found);
}

/** A citation without offsets is of the whole text, and waits for its end. */
function cite(
  state: OutputState,
  { candidate, citation }: Extract<PartEvent, { type: 'citation-add' }>,
): string {
  const { text, choice } = openChoice(state, candidate);
  if (!choice.textOpen || citation.endIndex !== undefined) return text + annotate(state, candidate, citation);
  choice.citations.push(citation);
  return text;
}

function annotate(state: OutputState, candidate: number, citation: Citation): string {
  const { textBefore, textLength } = choiceOf(state, candidate);
  const annotation = writeAnnotation(citation, textBefore, textLength);
  if (annotation !== null) return chunk(state, candidate, { annotations: [annotation] });
  state.dropped.add('citations');
  return '';
}

function endText(state: OutputState, candidate: number): string {
  const choice = choiceOf(state, candidate);
  choice.textOpen = false;
  return choice.citations
    .splice(0)
    .map((citation) => annotate(state, candidate, citation))
    .join('');
}

// ---- Thoughts -------------------------------------------------------------------------------------------

type ThoughtEvent = Extract<PartEvent, { type: 'reasoning-start' | 'reasoning-delta' | 'reasoning-end' }>;

function writeThought(state: OutputState, event: ThoughtEvent): string {
  const begin = openChoice(state, event.candidate);
  const { choice } = begin;
  if (event.type !== 'reasoning-end' || isForeign(event.signature)) choice.carries.observe(event);
  if (event.type !== 'reasoning-delta' || event.text === '') return begin.text;
  const { part, paragraph, text } = event;
  const another =
    choice.thought !== null && (choice.thought.part !== part || choice.thought.paragraph !== paragraph);
  choice.thought = { part, paragraph };
  return (
    begin.text + chunk(state, event.candidate, { reasoning_content: another ? paragraphBreak + text : text })
  );
}

// ---- Sound, pictures, and parts that chat has no member for ----------------------------------------------

function speak(state: OutputState, event: Extract<PartEvent, { type: 'audio-delta' }>): string {
  const { candidate, data, transcript, providerId } = event;
  const { answerId, nowSeconds } = state.context;
  const { choice, text } = openChoice(state, candidate);
  const first = choice.spoke
    ? {}
    : { id: providerId ?? `audio_${answerId}`, expires_at: nowSeconds + audioLifetimeSeconds };
  choice.spoke = true;
  const audio = { ...first, ...(data !== '' && { data }), ...(transcript !== '' && { transcript }) };
  return text + chunk(state, candidate, { audio });
}

function addPart(
  state: OutputState,
  { candidate, content }: Extract<PartEvent, { type: 'part-add' }>,
): string {
  const { choice, text } = openChoice(state, candidate);
  const url = content.type === 'media' ? imageUrl(content) : null;
  if (url !== null) return text + chunk(state, candidate, { images: [imageMember(url, choice.images++)] });
  state.dropped.add(content.type);
  return text;
}
