// new-api's `GET /api/usage/token`. Shape: QuantumNous/new-api, controller/token.go, GetTokenUsage, as of 2026-12-01.
// Pure.
import { leftOf } from '../../quota/spending-limit.ts';
import type { TokenFigures } from './figures.ts';

/** new-api counts in units of which 500,000 are one USD (common.QuotaPerUnit). */
const nanoUsdPerUnit = 2_000;

/** Writes the token's usage. An unlimited token has nothing available, as there: clients read `unlimited_quota`. */
export function tokenUsageView({ name, policy, spentNanoUsd, limit }: TokenFigures) {
  const used = Math.ceil(spentNanoUsd / nanoUsdPerUnit);
  const available = limit === null ? 0 : Math.floor(leftOf(limit) / nanoUsdPerUnit);
  return {
    code: true,
    message: 'ok',
    data: {
      object: 'token_usage',
      name,
      total_granted: used + available,
      total_used: used,
      total_available: available,
      unlimited_quota: limit === null,
      model_limits: Object.fromEntries(policy.models.map((model) => [model, true])),
      model_limits_enabled: policy.models.length > 0,
      expires_at: policy.expiresAtMs === null ? 0 : Math.floor(policy.expiresAtMs / 1_000),
    },
  };
}
