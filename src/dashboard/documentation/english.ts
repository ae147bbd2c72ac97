// Every page of the documentation in English, in the order of the sidebar. A chunk of its own: loaded with the first page.
import changelog from '../../../.github/CHANGELOG.md';
import channels from '../../docs/channels.md';
import codingAgents from '../../docs/coding-agents.md';
import configuration from '../../docs/configuration.md';
import dashboard from '../../docs/dashboard.md';
import errors from '../../docs/errors.md';
import formats from '../../docs/formats-and-translation.md';
import headers from '../../docs/headers.md';
import managementApi from '../../docs/management-api.md';
import modelEndpoints from '../../docs/model-endpoints.md';
import models from '../../docs/models-and-prices.md';
import operating from '../../docs/operating.md';
import quickstart from '../../docs/quickstart.md';
import quotas from '../../docs/quotas-and-limits.md';
import realtime from '../../docs/realtime.md';
import scaling from '../../docs/scaling.md';
import tokenEndpoints from '../../docs/token-endpoints.md';
import type { RenderedPage } from '../../lib/rendered-page.ts';

/** Pages by the last part of their address. */
export const english: Readonly<Record<string, RenderedPage>> = {
  quickstart,
  'coding-agents': codingAgents,
  'model-endpoints': modelEndpoints,
  'formats-and-translation': formats,
  'models-and-prices': models,
  errors,
  headers,
  'quotas-and-limits': quotas,
  'token-endpoints': tokenEndpoints,
  realtime,
  dashboard,
  channels,
  configuration,
  operating,
  scaling,
  'management-api': managementApi,
  changelog,
};
