// Conversations that exceed the model's context. Each provider has its own message, and clients only recognize that of
// their format: agents compact a conversation only then.
import type { NeutralError } from './neutral.ts';

/** Codes and types. */
const names: ReadonlySet<string> = new Set([
  // OpenAI, Azure, Groq, Cerebras, xAI: https://platform.openai.com/docs/guides/error-codes (2026-11).
  'context_length_exceeded',
  // https://docs.litellm.ai/docs/exception_mapping (2026-11).
  'ContextWindowExceededError',
  'context_window_exceeded',
  'model_context_window_exceeded',
  // llama.cpp's server (tools/server/server-common.cpp, 2026-11).
  'exceed_context_size_error',
  // GitHub Copilot.
  'model_max_prompt_tokens_exceeded',
  // Z.ai and bigmodel.cn: "Prompt exceeds max length" (https://docs.z.ai/api-reference/api-code, 2026-11).
  '1261',
]);

/**
 * Messages, as quoted by badlogic/pi-mono packages/ai/src/utils/overflow.ts (2026-11) and the issues beside them. Each
 * must mention the input, because exceeding the output limit alone is no overflow.
 */
const sentences: readonly RegExp[] = [
  // Anthropic: "prompt is too long: 213462 tokens > 200000 maximum"; Fireworks; Ollama: "prompt too long; exceeded …".
  /prompt (is )?too long/i,
  // Anthropic: "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000".
  /input length and `?max_tokens`? exceed context limit/i,
  // OpenAI: "Your input exceeds the context window of this model"; MiniMax: "context window exceeds limit"; Workers AI:
  // "… exceeded this model context window limit"; llama.cpp: "exceeds the available context size"; Ollama: "the input
  // length exceeds the context length"; LiteLLM.
  /exceed(s|ed|ing)? [^.]{0,60}context[ _-]?(window|length|size|limit)/i,
  /context[ _-]?(window|length|size)[ _-](has been |was |is )?exceed(s|ed)/i,
  // DeepSeek, vLLM, OpenRouter, Together, Bedrock's Llama: "maximum context length is 65536 tokens".
  /maximum context length (is|of) [\d,]+/i,
  // Mistral: "Prompt contains 40001 tokens …, too large for model with 32768 maximum context length".
  /too large for model with [\d,]+ maximum context length/i,
  // Gemini: "The input token count (1196265) exceeds the maximum number of tokens allowed (1048575)"; Vertex AI: "the
  // input token count is 40000 but model only supports up to 32768".
  /input token count .{0,40}(exceeds the maximum|only supports up to)/i,
  // xAI: "This model's maximum prompt length is 131072 but the request contains 537812 tokens".
  /maximum prompt length is [\d,]+/i,
  // Groq, Cerebras: "Please reduce the length of the messages or completion".
  /reduce the length of the (messages|prompt|input)/i,
  // Bedrock: "Input is too long for requested model"; Nova: "Input Tokens Exceeded"; Titan, Cohere: "Too many input tokens".
  /input is too long/i,
  /input tokens exceeded|too many input tokens|number of input tokens exceeds/i,
  // Together, SGLang: "The input (516368 tokens) is longer than the model's context length"; vLLM: "The decoder prompt
  // (length 5000) is longer than the maximum model length of 4096"; "is too long to fit into the model" (vllm#12165).
  /(input|prompt) [^.]{0,60}(longer than the|too long to fit)/i,
  // SGLang: "Input length (10000 tokens) exceeds the maximum allowed length (8192 tokens)".
  /(input|prompt) length [^.]{0,60}exceeds the maximum/i,
  // Text Generation Inference: "`inputs` must have less than 1024 tokens", "`inputs` tokens + `max_new_tokens` must be <=".
  /`?inputs`? (tokens \+ `?max_new_tokens`? must be <=|must have less than)/i,
  // LM Studio: "tokens to keep from the initial prompt is greater than the context length"; lmstudio-bug-tracker#546.
  /greater than the context length/i,
  /loaded with context length of only/i,
  // Moonshot: "Your request exceeded model token limit: 131072 (requested: 138000)".
  /exceeded model token limit/i,
  // GitHub Copilot: "prompt token count of 131073 exceeds the limit of 128000".
  /prompt token count of [\d,]+ exceeds/i,
  // Cohere: "too many tokens: total number of tokens in the prompt exceeds the limit of 128000".
  /tokens in the prompt (cannot )?exceed/i,
  // Z.ai, in both its languages; Alibaba: "Range of input length should be [1, 129024]".
  /prompt (exceeds max length|超长)/i,
  /range of input length should be/i,
  // llama.cpp, in the middle of a stream: "failed to decode …, try again, increasing context size".
  /increas(e|ing) (the )?context size/i,
];

/** Limits of a minute or a day also mention tokens, and expire. */
const ofRate = /rate.?limit|throttl|quota|per (minute|min|day|hour)|\bTPM\b|too many requests/i;

/** Whether the status means a rate limit or an invalid key. */
export function excludesOverflow(status: number | null): boolean {
  return status === 429 || status === 401 || status === 403;
}

/** The texts of an error. `quoted`: another provider's error that it contains. */
interface ErrorWords {
  status: number | null;
  type: string | null;
  code: string | null;
  message: string;
  quoted?: string | undefined;
}

/** Whether the conversation exceeds the model's context. */
function isContextOverflow({ status, type, code, message, quoted = '' }: ErrorWords): boolean {
  if (excludesOverflow(status)) return false;
  if ([type, code].some((name) => name !== null && names.has(name))) return true;
  if (ofRate.test(`${type} ${code} ${message}`)) return false;
  return sentences.some((sentence) => sentence.test(message) || sentence.test(quoted));
}

/** The error as one of its kind: a 400, which no client sends again. */
export function withOverflow(error: NeutralError, quoted?: string): NeutralError {
  if (!isContextOverflow({ ...error, quoted })) return error;
  return { ...error, status: 400, kind: 'context-overflow' };
}

/**
 * Returns the message that Claude Code and similar clients recognize. Their pattern needs both counts if they are
 * known: "prompt is too long: 213462 tokens > 200000 maximum" (@anthropic-ai/claude-code 2.1.197).
 */
export function anthropicOverflowMessage(message: string): string {
  if (/^prompt is too long/i.test(message)) return message;
  const counts = [
    ...new Set(message.replaceAll(',', '').match(/(?<![\w.-])\d{3,9}(?![\w.-]*\w)/g) ?? []),
  ].map(Number);
  const [one, other] = counts;
  if (counts.length !== 2 || one === undefined || other === undefined)
    return `prompt is too long: ${message}`;
  return `prompt is too long: ${Math.max(one, other)} tokens > ${Math.min(one, other)} maximum. ${message}`;
}
