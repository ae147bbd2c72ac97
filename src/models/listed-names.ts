// The names that a native provider's wildcard lists: its chat models, and what else the price table has of it.
import { modelsOf, type PricedProvider } from '../metering/price.ts';
import { endDateOf } from './end-dates.ts';
import { loadModelTable } from './model-table.ts';

/**
 * Names of the price table that the provider's API does not have: prefixes of fine-tunes, other hosts' names, and
 * models that ended before the providers published dates.
 */
const notListed: Partial<Record<PricedProvider, RegExp>> = {
  openai:
    /^(ada|babbage|curie|davinci|moderation|computer-use|chatgpt-4o-latest|codex-mini|gpt-chat-latest|gpt-5\.3)$|^ft:|^gpt-oss|^text-davinci|[-:.]$|\.ft-|:extended|^gpt-3\.5-(0301|turbo-)|^gpt-4-(32k|vision)|^gpt-4\.5|^o1-(mini|preview)|^gpt-5(\.4)?-image|-realtime-preview$|-audio-preview$/,
  anthropic: /^claude-(v?[12]|3)\b/,
  gemini: /^claude|^gemini-(pro|flash-1|1\.|2\.0|live-2)|^gemini-2\.5-flash-preview$|^gemma-[123]/,
};

/** Returns the names, without those whose announced end has passed. */
export async function listedNames(provider: PricedProvider, nowMs: number): Promise<string[]> {
  const chat = (await loadModelTable()).namesOf(provider);
  const today = new Date(nowMs).toISOString().slice(0, 10);
  const priced = modelsOf(provider).filter((name) => notListed[provider]?.test(name) !== true);
  return [...new Set([...chat, ...priced])].filter((name) => {
    const end = endDateOf(provider, name);
    return end === null || end >= today;
  });
}
