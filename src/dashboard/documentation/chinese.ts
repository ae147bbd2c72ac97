// The pages that are translated into Chinese, by the last part of their address.
import channels from '../../docs/zh/channels.md';
import codingAgents from '../../docs/zh/coding-agents.md';
import configuration from '../../docs/zh/configuration.md';
import dashboard from '../../docs/zh/dashboard.md';
import errors from '../../docs/zh/errors.md';
import formatsAndTranslation from '../../docs/zh/formats-and-translation.md';
import headers from '../../docs/zh/headers.md';
import managementApi from '../../docs/zh/management-api.md';
import modelEndpoints from '../../docs/zh/model-endpoints.md';
import modelsAndPrices from '../../docs/zh/models-and-prices.md';
import operating from '../../docs/zh/operating.md';
import quickstart from '../../docs/zh/quickstart.md';
import quotasAndLimits from '../../docs/zh/quotas-and-limits.md';
import realtime from '../../docs/zh/realtime.md';
import scaling from '../../docs/zh/scaling.md';
import tokenEndpoints from '../../docs/zh/token-endpoints.md';
import type { RenderedPage } from '../../lib/rendered-page.ts';

/** Pages that are missing here are shown in English. */
export const chinese: Readonly<Record<string, RenderedPage>> = {
  channels,
  'coding-agents': codingAgents,
  configuration,
  dashboard,
  errors,
  'formats-and-translation': formatsAndTranslation,
  headers,
  'management-api': managementApi,
  'model-endpoints': modelEndpoints,
  'models-and-prices': modelsAndPrices,
  operating,
  quickstart,
  'quotas-and-limits': quotasAndLimits,
  realtime,
  scaling,
  'token-endpoints': tokenEndpoints,
};
