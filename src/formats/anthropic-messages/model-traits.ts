// What Claude's generations differ in, by the model's name. Source: Anthropic's model overview, and the notes on
// deprecated fields in its OpenAPI file (2026-11). An unknown name is taken for a current model.

/** What a writer must know of a model. */
export interface ClaudeTraits {
  /** Most tokens of one answer: `max_tokens` is required, and a caller of another format need not give it. */
  maxOutputTokens: number;
  /** `budget`: `{type: enabled, budget_tokens}`; `adaptive`: `{type: adaptive}` with `output_config.effort`. */
  thinking: 'none' | 'budget' | 'adaptive';
  /** Whether temperature, top_p and top_k are taken at all; newer models answer 400. */
  sampling: boolean;
  /** Whether temperature and top_p may both be given. */
  bothSampling: boolean;
  /** `output_config.format`. */
  structuredOutput: boolean;
}

/** Traits by the name, wherever it is served (`anthropic/claude-…`, `us.anthropic.claude-…-v1:0`). */
export function claudeTraits(model: string): ClaudeTraits {
  const version = versionOf(model);
  return {
    maxOutputTokens: maxOutputTokensOf(version, model),
    thinking: version >= 4.6 ? 'adaptive' : version >= 3.7 ? 'budget' : 'none',
    sampling: version <= 4.6,
    bothSampling: version < 4.1,
    structuredOutput: version >= 4.5 || (version === 4.1 && model.includes('opus')),
  };
}

const current = 99;

/** `claude-sonnet-4-5-20250929` and `claude-3-7-sonnet-latest` alike; dates are no versions. */
function versionOf(model: string): number {
  const found =
    /claude-(?:opus|sonnet|haiku|instant|[a-z]+)-(\d{1,2})(?:[-.](\d{1,2}))?(?![\d])/.exec(model) ??
    /claude-(\d{1,2})(?:[-.](\d{1,2}))?(?![\d])/.exec(model);
  return found === null ? current : Number(`${found[1]}.${found[2] ?? '0'}`);
}

function maxOutputTokensOf(version: number, model: string): number {
  if (version < 3.5) return 4_096;
  if (version < 3.7) return 8_192;
  if (model.includes('opus') && version < 4.5) return 32_000;
  return version >= 4.6 && model.includes('opus') ? 128_000 : 64_000;
}
