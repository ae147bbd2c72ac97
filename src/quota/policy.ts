// Whether a policy lets a request in at all: pure, decided by the ledger under the newest policy.
import { isInRanges } from '../lib/ip-ranges.ts';
import { matchesAny } from '../lib/wildcard.ts';
import { lowerLimits } from '../tokens/effective-policy.ts';
import type { ModelBound, TokenIdentity, TokenLimits, TokenPolicy } from '../tokens/token.ts';
import type { AdmissionRequest, Refusal } from './quota.ts';
import type { PolicyQuestion } from './records.ts';

/** Whether anything bounds what the token may spend. */
export function isLimited({ quotaNanoUsd, budget, adminBudget, accountBudget }: TokenPolicy): boolean {
  return quotaNanoUsd !== null || budget !== null || adminBudget !== undefined || accountBudget !== undefined;
}

type Versions = Pick<TokenIdentity, 'version'> & { bounds: { version: number } };

/** Below 0: `one` is older than `other`; 0: the same. A token's own version comes before its group's. */
export function compareVersions(one: Versions, other: Versions): number {
  return one.version - other.version || one.bounds.version - other.bounds.version;
}

/** The versions that a request was planned by. */
export function plannedBy({ policyVersion, groupVersion }: AdmissionRequest) {
  return { version: policyVersion, bounds: { version: groupVersion } };
}

/** The limits in force: of each kind the lower of the token's and its group's. */
export function limitsInForce({ limits, bounds }: TokenPolicy): TokenLimits {
  return lowerLimits(limits, bounds.limits);
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
  if (policy.disabledByAdmin) {
    return refuse('token_disabled', 'An administrator has disabled this API key. Ask them, or use another.');
  }
  if (policy.status === 'disabled') {
    return refuse('token_disabled', 'This API key is disabled. Enable it in the dashboard, or use another.');
  }
  if (policy.expiresAtMs !== null && policy.expiresAtMs <= nowMs) {
    const since = new Date(policy.expiresAtMs).toISOString();
    return refuse(
      'token_expired',
      `This API key expired at ${since}. Extend it in the dashboard, or use another; if an administrator set that end, ask them.`,
    );
  }
  return refusalByScope(policy, question);
}

function refusalByScope(policy: TokenPolicy, { ip, model, models }: PolicyQuestion): Refusal | null {
  if (isOutsideRanges(policy.allowedIps, ip) || isOutsideRanges(policy.adminIps ?? [], ip)) {
    return refuse('ip_not_allowed', `This API key may not be used from ${ip ?? 'an unknown address'}.`);
  }
  for (const name of models ?? (model === null ? [] : [model])) {
    if (isOutside(policy.models, name)) {
      return refuse('model_not_allowed', `This API key may not use the model \`${name}\`.`);
    }
    if (isOutside(policy.bounds.models, name)) {
      const message = `The group of this API key, \`${policy.group}\`, may not use the model \`${name}\`.`;
      return refuse('model_not_allowed', message);
    }
    const bound = policy.furtherModels?.find(({ models: allowed }) => isOutside(allowed, name));
    if (bound !== undefined) return refuse('model_not_allowed', furtherMessages[bound.by](name));
  }
  return null;
}

const furtherMessages: Record<ModelBound['by'], (name: string) => string> = {
  admin: (name) => `An administrator does not allow this API key to use the model \`${name}\`.`,
  account: (name) => `The account of this API key may not use the model \`${name}\`.`,
};

/** Whether a policy lets the model be used: by the token's list, its group's, its account's and an admin's. */
export function allowsModel({ models, bounds, furtherModels }: TokenPolicy, name: string): boolean {
  if (isOutside(models, name) || isOutside(bounds.models, name)) return false;
  return !furtherModels?.some(({ models: allowed }) => isOutside(allowed, name));
}

/** The exact names in the lists of a policy: models that its token may know without any channel naming them. */
export function modelsNamed({ models, furtherModels = [] }: TokenPolicy): string[] {
  return [...models, ...furtherModels.flatMap(({ models: allowed }) => allowed)];
}

/** No range is no bound; an unknown address is in none. */
function isOutsideRanges(ranges: readonly string[], ip: string | null): boolean {
  return ranges.length > 0 && (ip === null || !isInRanges(ip, ranges));
}

/** An empty list is no bound. */
function isOutside(allowed: readonly string[], name: string): boolean {
  return allowed.length > 0 && !matchesAny(allowed, name);
}

/** The refusal of a limited token for a model of which nobody knows what it costs. */
export function priceUnset(model: string | null): Refusal {
  return refuse(
    'model_price_unset',
    `The model \`${model}\` has no price, and this API key has a limited quota. Ask the operator to set a price for it.`,
  );
}

function refuse(code: Refusal['code'], message: string): Refusal {
  return { outcome: 'refused', code, message };
}
