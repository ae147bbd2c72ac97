// What the real providers refuse of a request, whatever it asks: each with where its words are quoted.
import type { Format } from './script.ts';
import type { Json } from './wire.ts';

/** Null: it is taken. */
export function refusalOf(format: Format, body: Json, model: string): { refuse: string } | null {
  const message =
    format === 'anthropic-messages'
      ? ofClaude(body, model)
      : format === 'gemini-generate'
        ? ofGemini(body, model)
        : null;
  return message === null ? null : { refuse: message };
}

function ofClaude({ messages, thinking, tool_choice: choice }: Json, model: string): string | null {
  const isThought = ({ type }: Json) => type === 'thinking' || type === 'redacted_thinking';
  const turns = (messages ?? []).filter(
    ({ role, content }: Json) => role === 'assistant' && Array.isArray(content),
  );
  // https://github.com/anthropics/claude-code/issues/20705 (2026-01)
  if (turns.some(({ content }: Json) => content.some(isThought) && !isThought(content[0])))
    return 'If an assistant message contains any thinking blocks, the first block must be `thinking` or `redacted_thinking`.';
  if (
    turns.some(({ content }: Json) =>
      content.some(({ type, signature }: Json) => type === 'thinking' && !signature),
    )
  )
    return 'Invalid `signature` in `thinking` block';
  // https://platform.claude.com/docs/en/models/opus-5-5/whats-new-opus-5-5 (2026-11)
  if (!/opus-5-5|fable-5-1|sonnet-5-5/.test(model)) return null;
  if (thinking?.type === 'disabled' || thinking?.type === 'enabled')
    return `"thinking.type.${thinking.type}" is not supported for this model.`;
  return choice?.type === 'any' || choice?.type === 'tool'
    ? 'Forced tool use is not supported for this model.'
    : null;
}

/** https://github.com/egoist/chatwise-releases/issues/1206 (2025-12), https://github.com/bolna-ai/bolna/pull/956 (2026-08) */
function ofGemini({ generationConfig }: Json, model: string): string | null {
  const level = generationConfig?.thinkingConfig?.thinkingLevel;
  const isRefused =
    (level === 'MINIMAL' && /gemini-3(\.1)?-pro|gemini-3\.[78]-flash(?!-lite)/.test(model)) ||
    (level === 'MEDIUM' && /gemini-3-pro/.test(model));
  return isRefused ? `Thinking level ${level} is not supported for this model.` : null;
}
