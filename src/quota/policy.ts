// Whether a policy lets a request in at all: pure, decided by the ledger under the newest policy.
import { isInRanges } from '../lib/ip-ranges.ts';
import { matchesAny } from '../lib/wildcard.ts';
import type { TokenPolicy } from '../tokens/token.ts';
import type { Refusal } from './quota.ts';

/** Whether anything bounds what the token may spend. */
export function isLimited({ quotaNanoUsd, budget, accountBudget }: TokenPolicy): boolean {
  return quotaNanoUsd !== null || budget !== null || accountBudget !== undefined;
}

/** What a policy is asked about. */
export interface PolicyQuestion {
  hash: string;
  ip: string | null;
  /** null: a request that names no model (lists, stored responses). */
  model: string | null;
}

/** The reason for which the policy refuses, or null. The order is that of SPEC section 5. */
export function refusalByPolicy(
  policy: TokenPolicy,
  question: PolicyQuestion,
  nowMs: number,
): Refusal | null {
  const accepted = policy.hashes.find(({ hash }) => hash === question.hash);
  const outdated = accepted?.validUntilMs != null && accepted.validUntilMs <= nowMs;
  if (policy.status === 'deleted' || accepted === undefined || outdated) {
    return refuse(
      'invalid_api_key',
      'This API key does not exist or was deleted. Make a new one in the dashboard.',
    );
  }
  if (policy.accountDisabled) {
    return refuse('token_disabled', 'The account of this API key is disabled. Ask its administrator.');
  }
  if (policy.status === 'disabled') {
    return refuse('token_disabled', 'This API key is disabled. Enable it in the dashboard, or use another.');
  }
  if (policy.expiresAtMs !== null && policy.expiresAtMs <= nowMs) {
    const since = new Date(policy.expiresAtMs).toISOString();
    return refuse(
      'token_expired',
      `This API key expired at ${since}. Extend it in the dashboard, or use another.`,
    );
  }
  return refusalByScope(policy, question);
}

function refusalByScope(policy: TokenPolicy, { ip, model }: PolicyQuestion): Refusal | null {
  if (policy.allowedIps.length > 0 && (ip === null || !isInRanges(ip, policy.allowedIps))) {
    return refuse('ip_not_allowed', `This API key may not be used from ${ip ?? 'an unknown address'}.`);
  }
  if (model !== null && policy.models.length > 0 && !matchesAny(policy.models, model)) {
    return refuse('model_not_allowed', `This API key may not use the model \`${model}\`.`);
  }
  return null;
}

function refuse(code: Refusal['code'], message: string): Refusal {
  return { outcome: 'refused', code, message };
}

/** The refusal of a limited token's request whose cost nobody knows. */
export function priceUnsetRefusal(model: string | null): Refusal {
  return refuse(
    'model_price_unset',
    `The model \`${model}\` has no price, and this API key has a limited quota. Ask the operator to set a price for it.`,
  );
}
