// The usage object of the Messages API, both ways.
// https://docs.anthropic.com/en/api/messages#response-usage
import type { JsonObject } from '../../lib/json.ts';
import { countAt, firstCount, objectAt, objectsAt, textAt } from '../json-reader.ts';
import type { OtherModelUsage } from '../observation.ts';
import { addUsage, type Usage, usageOf } from '../usage.ts';

/**
 * Null when the object has no count. Anthropic's input_tokens leaves out cache reads and writes: here they
 * are in. `iterations` is added as far as the top level leaves it out (see {@link hiddenIterations}).
 */
export function readUsage(usage: JsonObject | undefined): Usage | null {
  if (countAt(usage, 'input_tokens') === undefined && countAt(usage, 'output_tokens') === undefined)
    return null;
  const answer = readCounts(usage);
  return hiddenIterations(usage).map(readCounts).reduce(addUsage, answer);
}

/**
 * The advisor tool's own requests: another model's tokens, outside the top-level figure.
 * https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/advisor-tool
 */
export function readAdvisorUsage(usage: JsonObject | undefined): OtherModelUsage[] {
  return objectsAt(usage, 'iterations')
    .filter((iteration) => iteration.type === 'advisor_message')
    .flatMap((iteration) => {
      const model = textAt(iteration, 'model');
      return model === undefined ? [] : [{ model, usage: readCounts(iteration) }];
    });
}

/**
 * Returns the model of a fallback that served the answer; the top-level figure is then its own. Undefined if none did.
 */
export function readServedModel(usage: JsonObject | undefined): string | undefined {
  const served = objectsAt(usage, 'iterations').findLast(({ type }) => type === 'fallback_message');
  return textAt(served, 'model');
}

/**
 * Reads what models wrote before they declined, each at its own price. It is not in the top-level figure. A model that
 * declined before its first token is not billed:
 * https://platform.claude.com/docs/en/build-with-claude/refusals-and-fallback (2026-11).
 */
export function readDeclinedUsage(usage: JsonObject | undefined): OtherModelUsage[] {
  const served = readServedModel(usage);
  if (served === undefined) return [];
  return objectsAt(usage, 'iterations').flatMap((iteration) => {
    const model = textAt(iteration, 'model');
    const isDeclined = iteration.type === 'message' && model !== undefined && model !== served;
    return isDeclined && firstCount(countAt(iteration, 'output_tokens')) > 0
      ? [{ model, usage: readCounts(iteration) }]
      : [];
  });
}

/**
 * Compaction is billed but is not in the top-level figure, which is the sum of the `message` iterations.
 * https://docs.anthropic.com/en/docs/build-with-claude/compaction#understanding-usage
 */
function hiddenIterations(usage: JsonObject | undefined): JsonObject[] {
  return objectsAt(usage, 'iterations').filter((iteration) => iteration.type === 'compaction');
}

function readCounts(usage: JsonObject | undefined): Usage {
  const written = objectAt(usage, 'cache_creation');
  const cached = firstCount(countAt(usage, 'cache_read_input_tokens'));
  const write1h = firstCount(countAt(written, 'ephemeral_1h_input_tokens'));
  const write5m = firstCount(countAt(written, 'ephemeral_5m_input_tokens'));
  const writes = Math.max(firstCount(countAt(usage, 'cache_creation_input_tokens')), write5m + write1h);
  return usageOf({
    inputTokens: firstCount(countAt(usage, 'input_tokens')) + cached + writes,
    cachedTokens: cached,
    cacheWriteTokens: writes,
    cacheWrite1hTokens: write1h,
    outputTokens: firstCount(countAt(usage, 'output_tokens')),
    reasoningTokens: firstCount(countAt(objectAt(usage, 'output_tokens_details'), 'thinking_tokens')),
    webSearches: firstCount(countAt(objectAt(usage, 'server_tool_use'), 'web_search_requests')),
  });
}

/**
 * A later usage object laid over an earlier one: message_delta repeats only what changed (older streams:
 * only output_tokens), and its numbers are cumulative, so they replace and are never added.
 */
export function mergeUsage(earlier: JsonObject | undefined, later: JsonObject): JsonObject {
  const given = Object.entries(later).filter(([, value]) => value !== null && value !== undefined);
  return { ...earlier, ...Object.fromEntries(given) };
}

/** Null usage: the zeros that clients expect to be there. */
export function writeUsage(usage: Usage | null, serviceTier: string | null = null): JsonObject {
  const { inputTokens = 0, cachedTokens = 0, cacheWriteTokens = 0, outputTokens = 0 } = usage ?? {};
  const written1h = usage?.cacheWrite1hTokens ?? 0;
  return {
    input_tokens: Math.max(0, inputTokens - cachedTokens - cacheWriteTokens),
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: cachedTokens,
    cache_creation: {
      ephemeral_5m_input_tokens: cacheWriteTokens - written1h,
      ephemeral_1h_input_tokens: written1h,
    },
    output_tokens: outputTokens,
    ...(usage !== null &&
      usage.reasoningTokens > 0 && { output_tokens_details: { thinking_tokens: usage.reasoningTokens } }),
    server_tool_use:
      usage !== null && usage.webSearches > 0
        ? { web_search_requests: usage.webSearches, web_fetch_requests: 0 }
        : null,
    service_tier: serviceTier === 'priority' || serviceTier === 'batch' ? serviceTier : 'standard',
    inference_geo: null,
  };
}
