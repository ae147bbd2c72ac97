// Where a route's upstream opens sessions of Gemini's Live API. Pure.
import { baseUrlOf } from '../../providers/provider.ts';
import { providers } from '../../providers/registry.ts';
import type { Route } from '../../routing/catalog.ts';
import type { SessionOrder } from '../order.ts';

/**
 * For `fetch` (http, https). The key goes in the header `x-goog-api-key`, as Google's Python SDK sends it, and not in the
 * query, which is what gets into logs. https://ai.google.dev/api/live (2026-11)
 */
export function liveUrl({ channel }: Route, { endpoint }: SessionOrder): string {
  const baseUrl = baseUrlOf(providers[channel.provider], channel.baseUrl);
  return baseUrl.replace(/\/v1(beta|alpha)?$/, '') + endpoint;
}
