// The answer of each endpoint for a token's holder: reads what it needs, and writes it in the shape of its API.
import { RelayError } from '../../lib/relay-error.ts';
import { periodStartMs } from '../../quota/period.ts';
import type { TokenInfoPath } from '../paths.ts';
import { rowOfRequest, settleWaiting, spendingByDay, type TokenQuestion, tokenFigures } from './figures.ts';
import { tokenUsageView } from './new-api.ts';
import { billingRange, subscriptionView, usageView } from './openai-billing.ts';
import { creditsView, keyView } from './openrouter.ts';
import { generationView } from './openrouter-generation.ts';

type Answer = (question: TokenQuestion) => Promise<object>;

/** Returns the body of an answer. Throws RelayError. */
export async function answerTo(path: TokenInfoPath, question: TokenQuestion): Promise<object> {
  await settleWaiting(question);
  return answers[path](question);
}

const answers: Readonly<Record<TokenInfoPath, Answer>> = {
  '/v1/key': key,
  '/v1/auth/key': key,
  '/v1/credits': async (question) => creditsView(await tokenFigures(question)),
  '/v1/generation': generation,
  '/v1/dashboard/billing/subscription': async (question) => subscriptionView(await tokenFigures(question)),
  '/v1/dashboard/billing/usage': billingUsage,
  '/api/usage/token': async (question) => tokenUsageView(await tokenFigures(question)),
};

async function key(question: TokenQuestion): Promise<object> {
  const { nowMs } = question;
  const fromMs = Math.min(periodStartMs('week', nowMs), periodStartMs('month', nowMs));
  const days = await spendingByDay(question, fromMs, nowMs + 1);
  return keyView(await tokenFigures(question), days, nowMs);
}

async function generation(question: TokenQuestion): Promise<object> {
  const id = question.query.get('id') ?? '';
  if (id === '')
    throw new RelayError('invalid_request', 'Name a request: `?id=`, its `x-request-id`.', { param: 'id' });
  const row = await rowOfRequest(question, id);
  if (row === null) {
    const message =
      'This API key has no finished request of that id. Take it from the header `x-request-id`.';
    throw new RelayError('resource_not_found', message, { param: 'id' });
  }
  const catalog = await question.services.catalog.current(question.nowMs, () => undefined);
  const channel = row.channelId === null ? null : catalog.channel(row.channelId);
  return generationView(row, channel?.provider ?? null);
}

async function billingUsage(question: TokenQuestion): Promise<object> {
  const range = billingRange(question.query, question.nowMs);
  if (range === null) return usageView(await tokenFigures(question));
  return usageView(await spendingByDay(question, range.fromMs, range.toMs));
}
