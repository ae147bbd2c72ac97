// `finish_reason` of chat completions, both ways.
// https://platform.openai.com/docs/api-reference/chat/object#chat/object-choices
import type { Stop, StopReason } from '../neutral.ts';
import type { JsonObject } from '../observation.ts';
import type { Said } from '../said.ts';

const reasons: Readonly<Record<string, StopReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
  // Not OpenAI's: Mistral; Together; OpenRouter; DeepSeek; vLLM.
  model_length: 'context-length',
  eos: 'stop',
  error: 'error',
  insufficient_system_resource: 'error',
  abort: 'error',
};

/**
 * The stop of a choice. Some imitators say `stop` of an answer with tool calls, and OpenAI says it of
 * refusals: the content decides. vLLM names the stop sequence in `stop_reason` (a number is a token's).
 */
export function readStop(choice: JsonObject, said: Said): Stop {
  const { finish_reason: raw, stop_reason: sequence } = choice;
  if (typeof raw !== 'string') return { reason: 'unknown' };
  const reason = Object.hasOwn(reasons, raw) ? reasons[raw] : undefined;
  if (reason === undefined) return { reason: 'unknown', raw };
  if (reason !== 'stop') return { reason };
  if (said.calls) return { reason: 'tool-calls' };
  if (said.refusal) return { reason: 'refusal' };
  return typeof sequence === 'string' && sequence !== '' ? { reason: 'stop-sequence', sequence } : { reason };
}

/** The `finish_reason`. A refusal in OpenAI's sense ends with `stop`; one without words is a filter's. */
export function writeStop({ reason }: Stop, { refusal }: Pick<Said, 'refusal'>): string {
  switch (reason) {
    case 'stop':
    case 'stop-sequence':
    case 'pause':
    case 'malformed-tool-call':
    case 'unknown':
      return 'stop';
    case 'length':
    case 'context-length':
      return 'length';
    case 'tool-calls':
      return 'tool_calls';
    case 'content-filter':
      return 'content_filter';
    case 'refusal':
      return refusal ? 'stop' : 'content_filter';
    case 'error':
      return 'error';
  }
}
