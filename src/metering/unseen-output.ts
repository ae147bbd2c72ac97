// Output that nobody sees: which models reason without showing it, and how fast. Only for answers whose usage is
// missing.
import type { WireFormat } from '../formats/wire-format.ts';

/** Whether a model may bill for output that its answer does not show. `possible`: unknown. */
export type UnseenOutput = { reasons: 'yes'; tokensPerSecond: number } | { reasons: 'possible' | 'no' };

type SpeedRule = readonly [models: RegExp, tokensPerSecond: number];

/**
 * Models that think unseen or show a summary only, and the output speed of their kind: the median of the fastest
 * of it, so that a charge by time is not too low. https://benchlm.ai/llm-speed (2026-04-07, from Artificial Analysis): GPT-5.4
 * mini 201, o4-mini 161, OpenAI's average 121, Gemini 2.5 Flash 221, Google's average 136, Grok 4.20 233, xAI's average 157,
 * Anthropic's 52, DeepSeek's 48.
 */
const reasoning: readonly SpeedRule[] = [
  [/(^|[/.])(o[1-9]|gpt-(5|6)[\d.]*)-?(mini|nano)/, 200],
  [/(^|[/.])(o[1-9](-|$)|gpt-(5|6)(?!.*chat)|codex|computer-use)|deep-research/, 130],
  [/gemini-(2\.5|[3-9]).*flash|gemini-flash/, 220],
  [/gemini-(2\.5|[3-9])|gemini-pro/, 140],
  [/grok-(3-mini|4|5|code)(?!.*non-reasoning)/, 160],
  [/deepseek-(r\d|reasoner)/, 50],
  [/think|reason|magistral|qwq|gpt-oss|\br1\b/, 60],
];

/** Claude thinks when the request asks for it, and shows a summary. */
const claudeTokensPerSecond = 60;

/** Models without reasoning, or that show all of it: their text is their output. */
const plain =
  /gpt-(3|4)|chatgpt-4o|gpt-5.*chat|davinci|babbage|claude|gemini-(1|2\.0)|gemma|llama|mi[sx]tral|ministral|codestral|command|phi-|nova-|deepseek-(chat|v\d|coder)|non-reasoning|embed|moderation/;

type Fields = Readonly<Record<string, unknown>>;

/** Returns what is known about a model's unseen output, by its upstream name and the request. */
export function unseenOutputOf({ task }: WireFormat, model: string, request: Fields): UnseenOutput {
  if (task !== 'conversation') return { reasons: 'no' };
  const name = model.toLowerCase();
  if (name.includes('claude'))
    return asksForThought(request)
      ? { reasons: 'yes', tokensPerSecond: claudeTokensPerSecond }
      : { reasons: 'no' };
  if (/non-reasoning/.test(name)) return { reasons: 'no' };
  const rule = reasoning.find(([models]) => models.test(name));
  if (rule !== undefined) return { reasons: 'yes', tokensPerSecond: rule[1] };
  return { reasons: plain.test(name) ? 'no' : 'possible' };
}

/** Messages' `thinking`, chat's and Responses' `reasoning` and efforts. */
function asksForThought({ thinking, reasoning: asked, reasoning_effort, output_config }: Fields): boolean {
  const isOff = (value: unknown) =>
    value === undefined ||
    value === null ||
    value === 'none' ||
    (value as { type?: unknown }).type === 'disabled';
  const { effort = null } = (output_config ?? {}) as { effort?: unknown };
  return [thinking, asked, reasoning_effort, effort].some((value) => !isOff(value));
}
