// A call of a provider from end to end: adds the key, sends the request, and converts the answer to the
// operation's format. Most providers only need a header, and wait for nothing here.
import { RelayError } from '../lib/relay-error.ts';
import { callUpstream, type FetchUpstream, type Send, type UpstreamCall } from './call.ts';
import type { Provider, RunOn, UpstreamTarget } from './provider.ts';

/** What a provider may need from outside. */
export interface Surroundings {
  /** Sends to the Worker's AI binding. Null: this deployment has none. */
  sendToAi: Send | null;
  /** Sends a request again that a closed connection lost. Absent: it must not be sent twice. */
  resend?: FetchUpstream | undefined;
  /** Runs work after the response. */
  runOn: RunOn;
}

/**
 * Returns the upstream's answer, or that of the service that refused the key. `request`'s headers and address
 * come from the provider's `url` and `adapt`. Throws what `callUpstream` throws.
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
