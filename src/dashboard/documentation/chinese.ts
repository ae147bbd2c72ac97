// The pages that are translated into Chinese, by the last part of their address.
import codingAgents from '../../docs/zh/coding-agents.md';
import dashboard from '../../docs/zh/dashboard.md';
import errors from '../../docs/zh/errors.md';
import headers from '../../docs/zh/headers.md';
import modelsAndPrices from '../../docs/zh/models-and-prices.md';
import quickstart from '../../docs/zh/quickstart.md';
import quotasAndLimits from '../../docs/zh/quotas-and-limits.md';
import type { RenderedPage } from '../../lib/rendered-page.ts';

/** Pages that are missing here are shown in English. */
export const chinese: Readonly<Record<string, RenderedPage>> = {
  'coding-agents': codingAgents,
  dashboard,
  errors,
  headers,
  'models-and-prices': modelsAndPrices,
  quickstart,
  'quotas-and-limits': quotasAndLimits,
};
