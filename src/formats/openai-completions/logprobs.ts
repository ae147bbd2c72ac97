// Log probabilities as legacy completions write them: lists side by side, with offsets into the text.
// https://platform.openai.com/docs/api-reference/completions/object#completions/object-choices
import type { JsonObject } from '../../lib/json.ts';
import type { TokenLogprob } from '../neutral.ts';

/** `offset`: where the first token begins. Null where there are none. */
export function writeLogprobs(logprobs: readonly TokenLogprob[], offset: number): JsonObject | null {
  if (logprobs.length === 0) return null;
  let at = offset;
  const offsets = logprobs.map(({ token }) => {
    const start = at;
    at += token.length;
    return start;
  });
  return {
    tokens: logprobs.map(({ token }) => token),
    token_logprobs: logprobs.map(({ logprob }) => logprob),
    top_logprobs: logprobs.map(({ top }) =>
      Object.fromEntries(top.map(({ token, logprob }) => [token, logprob])),
    ),
    text_offset: offsets,
  };
}
