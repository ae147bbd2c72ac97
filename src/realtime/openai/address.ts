// Where a route's upstream opens sessions of OpenAI's kind. Pure.
import { baseUrlOf } from '../../providers/provider.ts';
import { providers } from '../../providers/registry.ts';
import type { Route } from '../../routing/catalog.ts';
import type { SessionOrder } from '../order.ts';

/**
 * For `fetch` (http, https). Azure's older surface has the deployment in the query:
 * https://learn.microsoft.com/azure/ai-services/openai/how-to/realtime-audio-websockets (2026-11).
 */
export function realtimeUrl({ channel, upstreamModel }: Route, { intent }: SessionOrder): string {
  const provider = providers[channel.provider];
  const baseUrl = baseUrlOf(provider, channel.baseUrl);
  // Of the caller's query, only the model and the intent are sent on.
  const query = new URLSearchParams();
  if (intent === 'transcription') query.set('intent', 'transcription');
  const version = channel.provider === 'azure' ? new URL(baseUrl).searchParams.get('api-version') : null;
  if (version !== null) return azureUrl(baseUrl, version, upstreamModel, query);
  if (intent === 'conversation') query.set('model', upstreamModel);
  return provider.url({
    baseUrl,
    operation: 'realtime',
    model: upstreamModel,
    suffix: '',
    search: `?${query}`,
    streams: false,
    settings: channel.settings,
    key: null,
  });
}

function azureUrl(baseUrl: string, version: string, deployment: string, query: URLSearchParams): string {
  const { origin, pathname } = new URL(baseUrl);
  query.set('api-version', version);
  query.set('deployment', deployment);
  return `${origin}${pathname.replace(/\/(openai\/?)?$/, '')}/openai/realtime?${query}`;
}
