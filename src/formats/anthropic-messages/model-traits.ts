// What Claude's model families take and refuse, by the model's name: one line a family, the first that fits. Read in 2026-11
// on platform.claude.com/docs: models/overview, models/<family>/whats-new-…, build-with-claude/{thinking,effort,
// preserved-thinking}. A name that no line knows is taken for a current model.
import type { ReasoningEffort } from '../neutral.ts';

/** What a writer must know of a model. */
export interface ClaudeTraits {
  /** Most tokens of one answer: `max_tokens` is required, and a caller of another format need not give it. */
  maxOutputTokens: number;
  /** `budget`: `{type: enabled, budget_tokens}`; `adaptive`: `{type: adaptive}` with `output_config.effort`. */
  thinking: 'none' | 'budget' | 'adaptive';
  /** The `thinking.type` that switches thinking off; `unset`: the model does not think; `never`: it always does. */
  off: 'unset' | 'disabled' | 'between_tools' | 'never';
  /** Values of `output_config.effort`, from least to most. */
  efforts: readonly ReasoningEffort[];
  /** Whether temperature, top_p and top_k are taken at all; newer models answer 400. */
  sampling: boolean;
  /** Whether temperature and top_p may both be given. */
  bothSampling: boolean;
  /** `output_config.format`. */
  structuredOutput: boolean;
  /** `tool_choice` of type `any` or `tool`. */
  forcedTools: boolean;
  /** A thought is valid only behind the very prompt, tools and messages that it was made behind. */
  bindsThoughts: boolean;
}

const adaptive: ClaudeTraits = {
  maxOutputTokens: 128_000,
  thinking: 'adaptive',
  off: 'disabled',
  efforts: ['low', 'medium', 'high', 'xhigh', 'max'],
  sampling: false,
  bothSampling: false,
  structuredOutput: true,
  forcedTools: true,
  bindsThoughts: false,
};
const bound: ClaudeTraits = { ...adaptive, off: 'never', forcedTools: false, bindsThoughts: true };
/** `xhigh` came with Opus 4.7. */
const early: ClaudeTraits = { ...adaptive, efforts: ['low', 'medium', 'high', 'max'], sampling: true };
const budget: ClaudeTraits = { ...early, maxOutputTokens: 64_000, thinking: 'budget', efforts: [] };
const older: ClaudeTraits = { ...budget, bothSampling: true, structuredOutput: false };
const thoughtless: ClaudeTraits = { ...older, thinking: 'none', off: 'unset' };

/** A family's line holds for its versions from `from` on, up to those of the lines before. */
const families: readonly { name: RegExp; from: number; traits: ClaudeTraits }[] = [
  // Invitation-only, like Fable 5: models/fable-5/migration-guide, "Claude Mythos Preview".
  { name: /mythos-preview/, from: 0, traits: { ...adaptive, off: 'never' } },
  // It "records the same signature but doesn't run" the check of the history, and some hosts refuse the control where it is not
  // needed: docs.aws.amazon.com/bedrock/…/claude-messages-thinking-block-binding, github.com/anomalyco/opencode/pull/46848.
  { name: /mythos-5[-.]1/, from: 5.1, traits: { ...bound, bindsThoughts: false } },
  // models/opus-5-5/whats-new-opus-5-5: "The first three also apply on Claude Fable 5.1."
  { name: /fable|mythos/, from: 5.1, traits: bound },
  // models/opus-5-5/whats-new-opus-5-5: no `disabled`, no `enabled`, no forced tools, thoughts bound.
  { name: /opus/, from: 5.5, traits: bound },
  // models/sonnet-5-5/whats-new-sonnet-5-5: `between_tools` instead of `disabled`, up to effort high; else as Opus 5.5.
  { name: /sonnet/, from: 5.5, traits: { ...bound, off: 'between_tools' } },
  // models/haiku-5-5/whats-new-haiku-5-5: `disabled` up to effort high; thoughts bound; forced tools are not on its list.
  { name: /haiku/, from: 5.5, traits: { ...adaptive, bindsThoughts: true } },
  // models/fable-5/migration-guide: thinking is always on; the Mythos models alike.
  { name: /fable|mythos/, from: 0, traits: { ...adaptive, off: 'never' } },
  // about-claude/models/whats-new-opus-5 and whats-new-sonnet-5: `disabled` is taken (Opus 5: up to effort high).
  { name: /opus|sonnet|haiku/, from: 4.7, traits: adaptive },
  // build-with-claude/effort; sampling parameters went with Opus 4.7.
  { name: /opus/, from: 4.6, traits: early },
  { name: /sonnet|haiku/, from: 4.6, traits: { ...early, maxOutputTokens: 64_000 } },
  // build-with-claude/extended-thinking and structured-outputs.
  { name: /opus|sonnet|haiku/, from: 4.5, traits: budget },
  { name: /opus/, from: 4.1, traits: { ...budget, maxOutputTokens: 32_000 } },
  { name: /opus/, from: 4, traits: { ...older, maxOutputTokens: 32_000 } },
  { name: /sonnet|haiku/, from: 3.7, traits: older },
  // models/overview, legacy models.
  { name: /opus|sonnet|haiku/, from: 3.5, traits: { ...thoughtless, maxOutputTokens: 8_192 } },
  {
    name: /opus|sonnet|haiku|instant|claude-[12]\b/,
    from: 0,
    traits: { ...thoughtless, maxOutputTokens: 4_096 },
  },
];

/** Traits by the name, wherever it is served (`anthropic/claude-…`, `us.anthropic.claude-…-v1:0`). */
export function claudeTraits(model: string): ClaudeTraits {
  const version = versionOf(model);
  return families.find(({ name, from }) => name.test(model) && version >= from)?.traits ?? adaptive;
}

/** Whether the name is Claude's; other models too are served behind APIs like Anthropic's. */
export function isClaude(model: string): boolean {
  return model.includes('claude');
}

const current = 99;

/** Reads `claude-sonnet-4-5-20250929` and `claude-3-7-sonnet-latest` alike. Dates are no versions. */
function versionOf(model: string): number {
  const found =
    /claude-(?:opus|sonnet|haiku|instant|[a-z]+)-(\d{1,2})(?:[-.](\d{1,2}))?(?![\d])/.exec(model) ??
    /claude-(\d{1,2})(?:[-.](\d{1,2}))?(?![\d])/.exec(model);
  return found === null ? current : Number(`${found[1]}.${found[2] ?? '0'}`);
}
