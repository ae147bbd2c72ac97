// A call of a provider from end to end: the key put in, the request sent, the answer brought into the format of the
// operation. What most providers need is a header; they wait for nothing here.
import { RelayError } from '../lib/relay-error.ts';
import { callUpstream, type FetchUpstream, type Send, type UpstreamCall } from './call.ts';
import type { Provider, RunOn, UpstreamTarget } from './provider.ts';

/** What lies outside of a provider that it may need. */
export interface Surroundings {
  /** Sends to the Worker's AI binding; null: this deployment has none. */
  sendToAi: Send | null;
  /** Sends a request once more that a closed connection lost; absent: it is not to be sent twice. */
  resend?: FetchUpstream | undefined;
  /** Runs on after the response. */
  runOn: RunOn;
}

/**
 * The upstream's answer, or that of whoever refuses to let the relay in. `request`'s headers and address are what
 * the provider's `url` and `adapt` made. Throws what `callUpstream` does.
 */
export function exchange(
  provider: Provider,
  request: UpstreamCall,
  target: UpstreamTarget,
  surroundings: Surroundings,
): Promise<Response> {
  const { key, settings } = target;
  const { resend } = surroundings;
  const authorizing =
    key === null ? undefined : provider.authorize(request, key, settings, surroundings.runOn);
  const call = provider.isBound
    ? { ...request, send: bindingOf(surroundings) }
    : { ...request, ...(resend !== undefined && { resend }) };
  if (authorizing === undefined && provider.read === undefined) return callUpstream(call);
  return guarded(provider, call, target, authorizing ?? null, surroundings.runOn);
}

async function guarded(
  provider: Provider,
  call: UpstreamCall,
  target: UpstreamTarget,
  authorizing: Promise<Response | null> | null,
  runOn: RunOn,
): Promise<Response> {
  const response = (await authorizing) ?? (await callUpstream(call));
  return provider.read === undefined ? response : provider.read(response, target, runOn);
}

function bindingOf({ sendToAi }: Surroundings): Send {
  if (sendToAi !== null) return sendToAi;
  throw new RelayError('upstream_error', 'This deployment has no Workers AI binding (`AI`).');
}
