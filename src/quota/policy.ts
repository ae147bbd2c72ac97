// Whether a policy allows a request. Pure; the ledger decides by its newest policy.
import { isInRanges } from '../lib/ip-ranges.ts';
import { matchesAny } from '../lib/wildcard.ts';
import { lowerLimits } from '../tokens/effective-policy.ts';
import type { ModelBound, TokenIdentity, TokenLimits, TokenPolicy } from '../tokens/token.ts';
import type { AdmissionRequest, Refusal } from './quota.ts';
import type { PolicyQuestion } from './records.ts';

/** Returns whether anything limits what the token may spend. */
export function isLimited({ quotaNanoUsd, budget, adminBudget, accountBudget }: TokenPolicy): boolean {
  return quotaNanoUsd !== null || budget !== null || adminBudget !== undefined || accountBudget !== undefined;
}

type Versions = Pick<TokenIdentity, 'version'> & { bounds: { version: number } };

/** Compares two versions; negative if `one` is older. A token's own version comes before its group's. */
export function compareVersions(one: Versions, other: Versions): number {
  return one.version - other.version || one.bounds.version - other.bounds.version;
}

/** Returns the versions that a request was planned by. */
export function plannedBy({ policyVersion, groupVersion }: AdmissionRequest) {
  return { version: policyVersion, bounds: { version: groupVersion } };
}

/** Returns the limits in force: for each kind, the lower of the token's and its group's. */
export function limitsInForce({ limits, bounds }: TokenPolicy): TokenLimits {
  return lowerLimits(limits, bounds.limits);
}

/** Returns why the policy refuses, or null. The order of checks is a promise to callers: token, address, model. */
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

/**
 * Returns whether a policy allows the model: the lists of the token, its group, its account, and an admin must
 * all allow it.
 */
export function allowsModel({ models, bounds, furtherModels }: TokenPolicy, name: string): boolean {
  if (isOutside(models, name) || isOutside(bounds.models, name)) return false;
  return !furtherModels?.some(({ models: allowed }) => isOutside(allowed, name));
}

/**
 * Returns the exact names in the lists of a policy: models that its token may know although no channel names
 * them.
 */
export function modelsNamed({ models, furtherModels = [] }: TokenPolicy): string[] {
  return [...models, ...furtherModels.flatMap(({ models: allowed }) => allowed)];
}

/**
 * Returns the names and patterns of the first list that restricts the token, without names that another list
 * forbids. Null: all models.
 */
export function namesAllowed(policy: TokenPolicy): string[] | null {
  const { models, furtherModels = [], bounds } = policy;
  const lists = [models, ...furtherModels.map((bound) => bound.models), bounds.models];
  const list = lists.find(({ length }) => length > 0);
  return list?.filter((name) => name.includes('*') || allowsModel(policy, name)) ?? null;
}

/** An empty list allows every address. An unknown address is in no range. */
function isOutsideRanges(ranges: readonly string[], ip: string | null): boolean {
  return ranges.length > 0 && (ip === null || !isInRanges(ip, ranges));
}

/** An empty list allows every model. */
function isOutside(allowed: readonly string[], name: string): boolean {
  return allowed.length > 0 && !matchesAny(allowed, name);
}

/** Returns the refusal of a limited token for a model without a price. */
export function priceUnset(model: string | null): Refusal {
  return refuse(
    'model_price_unset',
    `The model \`${model}\` has no price, and this API key has a limited quota. Ask the operator to set a price for it.`,
  );
}

/** Returns the refusal of a limited token for a name that is in no price list and that no channel names. */
export function unknownModel(model: string | null): Refusal {
  return refuse(
    'model_not_found',
    `The model \`${model}\` does not exist. Check its spelling; /v1/models lists the models that this API key may use. If it is new, ask the operator to add it to a channel and to set its price.`,
  );
}

function refuse(code: Refusal['code'], message: string): Refusal {
  return { outcome: 'refused', code, message };
}
