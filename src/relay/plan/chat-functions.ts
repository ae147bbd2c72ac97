// Chat requests with functions for models of OpenAI that take these in the Responses API only.

import { isObject, objectsAt } from '../../formats/json-reader.ts';
import { reasoningEfforts } from '../../formats/neutral.ts';
import { isResponsesBody } from '../../formats/openai-chat/index.ts';
import { openaiModelTraits } from '../../formats/openai-models.ts';
import { providers } from '../../providers/registry.ts';
import type { Call } from '../call.ts';
import { bodyValue, type CallerBody } from '../request/read-body.ts';
import type { CandidateRoute } from './candidate-routes.ts';

/** Returns the routes; those whose chat completions would answer the request's functions with a 400 use the Responses API instead. */
export function chatFunctionRoutes(
  { endpoint }: Call,
  body: CallerBody,
  routes: readonly CandidateRoute[],
): CandidateRoute[] {
  const value = bodyValue(body);
  if (endpoint.operation !== 'chat-completions' || !isObject(value) || isResponsesBody(value))
    return [...routes];
  const hasFunctions =
    objectsAt(value, 'tools').some(({ type }) => type === 'function') ||
    objectsAt(value, 'functions').length > 0;
  if (!hasFunctions) return [...routes];
  const own = reasoningEfforts.find((effort) => effort === value.reasoning_effort);
  return routes.map((route) =>
    isRefused(route, own ?? route.effort ?? undefined) ? byResponses(route) : route,
  );
}

type Effort = (typeof reasoningEfforts)[number];

function isRefused({ channel, upstreamModel }: CandidateRoute, effort: Effort | undefined): boolean {
  const talksResponses = providers[channel.provider].talks(upstreamModel, channel) === 'openai-responses';
  return talksResponses && openaiModelTraits(upstreamModel).refusesChatFunctions(effort);
}

function byResponses(route: CandidateRoute): CandidateRoute {
  return { ...route, target: { type: 'conversation', format: 'openai-responses' } };
}
