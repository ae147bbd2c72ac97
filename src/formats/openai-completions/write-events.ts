// Neutral events to the chunks of a streamed legacy completion.
// https://platform.openai.com/docs/api-reference/completions/create

import { errorOfEnd, isFailedEnd } from '../answer-end.ts';
import { DroppedPaths } from '../dropped-paths.ts';
import { objectAt } from '../json-reader.ts';
import type { NeutralError, NeutralEvent, Stop, TokenLogprob } from '../neutral.ts';
import { writeOpenaiError } from '../openai-error.ts';
import type { Usage } from '../usage.ts';
import type { AnswerContext, EventWriter } from '../wire-format.ts';
import { writeCompletionUsage } from './usage.ts';
import { echoOf, writeLogprobs, writeStop } from './write-response.ts';

interface State {
  context: AnswerContext;
  dropped: DroppedPaths;
  head: string;
  /** UTF-16 units written of each candidate. */
  lengths: Map<number, number>;
  usage: Usage | null;
  ended: boolean;
  /** The first end that is a failure. */
  failure: Stop | null;
}

/** A writer of one stream. */
export function eventWriter(context: AnswerContext): EventWriter {
  const { answerId, nowSeconds, model } = context;
  const common = { id: `cmpl-${answerId}`, object: 'text_completion', created: nowSeconds, model };
  const head = `data: ${JSON.stringify(common).slice(0, -1)},"choices":[`;
  const state: State = {
    context,
    dropped: new DroppedPaths(),
    head,
    lengths: new Map(),
    usage: null,
    ended: false,
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

function errorChunk(error: NeutralError): string {
  return `data: ${JSON.stringify({ error: writeOpenaiError(error) })}\n\n`;
}

function writeEvent(state: State, event: NeutralEvent): string {
  switch (event.type) {
    case 'message-start':
      return writeStart(state, 0);
    case 'text-delta':
      return writeText(state, event.candidate, event.text, event.logprobs);
    case 'refusal-delta':
      return writeText(state, event.candidate, event.text, []);
    case 'candidate-end':
      return finish(state, event.candidate, event.stop);
    case 'prompt-block':
      return finish(state, 0, { reason: 'content-filter' });
    case 'usage-set':
      state.usage = event.usage;
      return '';
    case 'error':
      return errorChunk(event.error);
    case 'message-end':
      state.ended = true;
      return '';
    case 'tool-call-start':
    case 'audio-delta':
    case 'citation-add':
      state.dropped.add(event.type.replace(/-\w+$/, ''));
      return '';
    case 'part-add':
      state.dropped.add(event.content.type);
      return '';
    default:
      return '';
  }
}

/** Writes the prompt once for each candidate, if the caller requests it back. */
function writeStart(state: State, candidate: number): string {
  if (state.lengths.has(candidate)) return '';
  const echo = echoOf(state.context.request);
  state.lengths.set(candidate, echo.length);
  return echo === '' ? '' : choice(state, candidate, echo, 'null', 'null');
}

function writeText(state: State, candidate: number, text: string, logprobs: TokenLogprob[] = []): string {
  const begun = writeStart(state, candidate);
  const lengths = state.lengths.get(candidate) ?? 0;
  state.lengths.set(candidate, lengths + text.length);
  return begun + choice(state, candidate, text, JSON.stringify(writeLogprobs(logprobs, lengths)), 'null');
}

function finish(state: State, candidate: number, stop: Stop): string {
  if (isFailedEnd(stop)) state.failure ??= stop;
  return writeStart(state, candidate) + choice(state, candidate, '', 'null', JSON.stringify(writeStop(stop)));
}

function choice(
  { head }: State,
  index: number,
  text: string,
  logprobs: string,
  finishReason: string,
): string {
  return `${head}{"text":${JSON.stringify(text)},"index":${index},"logprobs":${logprobs},"finish_reason":${finishReason}}]}\n\n`;
}

function endStream({ ended, usage, head, context, failure }: State): string {
  if (!ended) return '';
  const wanted = objectAt(context.body, 'stream_options')?.include_usage === true;
  const last = wanted && usage ? `${head}],"usage":${JSON.stringify(writeCompletionUsage(usage))}}\n\n` : '';
  return last + (failure === null ? 'data: [DONE]\n\n' : errorChunk(errorOfEnd(failure)));
}
