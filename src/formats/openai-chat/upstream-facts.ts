// Known facts about an upstream that imitates OpenAI's chat completions: which members it renames or refuses. The facts
// are data of providers/presets.ts; this file applies them to a written body.
import type { JsonObject } from '../../lib/json.ts';
import type { DroppedPaths } from '../dropped-paths.ts';
import type { NeutralRequest, ReasoningEffort } from '../neutral.ts';
import { fitEffort } from '../reasoning.ts';

/** Facts of one upstream; what is absent is as most imitators have it. */
export interface ChatUpstreamFacts {
  /** Members that it answers with an error, whatever their value. */
  refuses?: readonly string[];
  /** Members that it knows by another name. */
  renames?: Readonly<Record<string, string>>;
  /** It always reports a stream's usage, and refuses the option for it. */
  refusesStreamOptions?: boolean;
  /** The efforts that it takes; absent: those that all know. */
  efforts?: readonly ReasoningEffort[];
  /** More answers than one are refused. */
  isSingleAnswer?: boolean;
}

/** The neutral field of each member, so that a refused one is reported by the caller's own path. */
const fieldOf: Readonly<Record<string, keyof NeutralRequest>> = {
  frequency_penalty: 'frequencyPenalty',
  presence_penalty: 'presencePenalty',
  logprobs: 'logprobs',
  top_logprobs: 'logprobs',
  seed: 'seed',
  n: 'candidateCount',
  stop: 'stopSequences',
  user: 'userId',
  service_tier: 'serviceTier',
  reasoning_effort: 'reasoning',
  parallel_tool_calls: 'parallelToolCalls',
};

/** The body as the upstream takes it. What it refuses is named among the dropped. */
export function fitToUpstream(
  body: JsonObject,
  facts: ChatUpstreamFacts,
  request: NeutralRequest,
  dropped: DroppedPaths,
): JsonObject {
  const refused = new Set([...(facts.refuses ?? []), ...(facts.isSingleAnswer ? ['n'] : [])]);
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    if (name === 'stream_options' && facts.refusesStreamOptions) continue;
    const isHarmless = name === 'n' && value === 1;
    if (refused.has(name)) {
      const field = fieldOf[name];
      if (field === undefined) dropped.add(name);
      else if (!isHarmless) dropped.fields(request, field);
      continue;
    }
    const isEffort = name === 'reasoning_effort' && facts.efforts !== undefined;
    fields[facts.renames?.[name] ?? name] = isEffort
      ? fitEffort(value as ReasoningEffort, facts.efforts ?? [])
      : value;
  }
  return fields;
}
