// Log probabilities, both ways. https://ai.google.dev/api/generate-content#LogprobsResult
import { Buffer } from 'node:buffer';
import type { JsonObject } from '../../lib/json.ts';
import type { TokenLogprob } from '../neutral.ts';
import { numberOf, objectOf, objectsOf, textOf } from './members.ts';

export function readLogprobs(candidate: JsonObject): TokenLogprob[] {
  const result = objectOf(candidate, 'logprobsResult');
  const tops = objectsOf(result, 'topCandidates');
  return objectsOf(result, 'chosenCandidates').map((chosen, index) => ({
    ...tokenOf(chosen),
    top: objectsOf(tops[index], 'candidates').map(tokenOf),
  }));
}

function tokenOf(candidate: JsonObject): Omit<TokenLogprob, 'top'> {
  const token = textOf(candidate, 'token') ?? '';
  return {
    token,
    logprob: numberOf(candidate, 'logProbability') ?? 0,
    bytes: [...Buffer.from(token, 'utf8')],
  };
}

/** Writes `logprobsResult`, or returns undefined for no tokens. */
export function writeLogprobs(tokens: readonly TokenLogprob[]): JsonObject | undefined {
  if (tokens.length === 0) return undefined;
  return {
    chosenCandidates: tokens.map(({ token, logprob }) => ({ token, logProbability: logprob })),
    topCandidates: tokens.map(({ top }) => ({
      candidates: top.map(({ token, logprob }) => ({ token, logProbability: logprob })),
    })),
  };
}
