// `finish_reason` of chat completions, both ways.
// https://platform.openai.com/docs/api-reference/chat/object#chat/object-choices
import type { JsonObject } from '../../lib/json.ts';
import type { AnswerFacts } from '../answer-end.ts';
import type { Stop, StopReason } from '../neutral.ts';

/** Compared in lower case, with underscores: `tool-calls`, `STOP`, and `MAX_TOKENS` pass through some gateways. */
const reasons: Readonly<Record<string, StopReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  function_call: 'tool-calls',
  content_filter: 'content-filter',
  // Not OpenAI's: Mistral; Together; OpenRouter; DeepSeek (https://api-docs.deepseek.com/api/create-chat-completion); vLLM.
  model_length: 'context-length',
  eos: 'stop',
  error: 'error',
  insufficient_system_resource: 'error',
  abort: 'error',
  // Z.ai and bigmodel.cn: https://docs.z.ai/api-reference/llm/chat-completion (2026-11).
  sensitive: 'content-filter',
  network_error: 'error',
  model_context_window_exceeded: 'context-length',
  // Other formats' reasons, which gateways pass on unchanged.
  end_turn: 'stop',
  complete: 'stop',
  completed: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  max_output_tokens: 'length',
  tool_call: 'tool-calls',
  tool_use: 'tool-calls',
  pause_turn: 'pause',
  refusal: 'refusal',
  safety: 'content-filter',
  recitation: 'content-filter',
  blocklist: 'content-filter',
  prohibited_content: 'content-filter',
  spii: 'content-filter',
  content_filtered: 'content-filter',
  malformed_function_call: 'malformed-tool-call',
  context_length_exceeded: 'context-length',
  cancelled: 'error',
  timeout: 'error',
};

/**
 * Reads the stop of a choice. Without a reason, or with '', it is `unknown` and has no `raw`. Some imitators end
 * answers with tool calls by `stop`, and OpenAI ends refusals so: the content decides. vLLM names the stop sequence in
 * `stop_reason` (a number is a token's).
 */
export function readStop(choice: JsonObject, facts: AnswerFacts): Stop {
  const { finish_reason: raw, stop_reason: sequence } = choice;
  if (typeof raw !== 'string' || raw === '') return { reason: 'unknown' };
  const word = raw.toLowerCase().replaceAll('-', '_');
  const reason = Object.hasOwn(reasons, word) ? reasons[word] : undefined;
  if (reason === undefined) return { reason: 'unknown', raw };
  if (reason !== 'stop') return { reason, ...(reason === 'error' && raw !== 'error' && { raw }) };
  if (facts.calls) return { reason: 'tool-calls' };
  if (facts.refusal) return { reason: 'refusal' };
  return typeof sequence === 'string' && sequence !== '' ? { reason: 'stop-sequence', sequence } : { reason };
}

/** Writes the `finish_reason`. A refusal with text ends with `stop`, as OpenAI's do; one without text is a filter's. */
export function writeStop({ reason }: Stop, { refusal }: Pick<AnswerFacts, 'refusal'>): string {
  switch (reason) {
    case 'stop':
    case 'stop-sequence':
    case 'pause':
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
    // OpenRouter's reason: https://openrouter.ai/docs/api/reference/errors-and-debugging (2026-11).
    case 'malformed-tool-call':
    case 'unknown':
    case 'error':
      return 'error';
  }
}
