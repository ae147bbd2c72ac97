// The destination of a channel's keys. Stored keys are never sent to another destination than the one they were
// entered for. An edit that changes it needs the keys again; an import needs a proof that the keys were exported
// with it.
import { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SealedKey } from '../../lib/seal.ts';
import { regionOfHost } from '../../providers/bedrock-key.ts';
import { providers } from '../../providers/registry.ts';
import type { Channel } from '../../routing/channel.ts';
import { fieldProblem } from './problem.ts';

type Addressed = Pick<Channel, 'provider' | 'baseUrl' | 'headers'>;

/**
 * Returns who receives a channel's keys: scheme, host, and port, how the key is used (bedrock and vertex sign
 * with it, all others send it), and the headers that make a gateway pass requests on to another host.
 */
export function keyDestination({ provider, baseUrl, headers }: Addressed): string {
  const presented = provider === 'bedrock' || provider === 'vertex' ? provider : 'sent';
  const redirects = Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => redirectingHeader.test(name))
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify([presented, hostOf(provider, baseUrl), redirects]);
}

/**
 * Headers in which gateways take the address of the upstream: `x-portkey-custom-host` and `x-portkey-config`
 * (portkey.ai/docs/api-reference/inference-api/headers), `helicone-target-url` and `helicone-openai-api-base`
 * (docs.helicone.ai/helicone-headers/header-directory), both read 2026-11-30, and headers with similar names.
 */
const redirectingHeader =
  /(^|[-_])(host|url|uri|base|endpoint|target|upstream|proxy|config|forward(ed)?)([-_]|$)/;

/**
 * `bedrock` and `vertex`, without an address or with one of the provider's own, are one destination in all
 * regions.
 */
function hostOf(provider: Channel['provider'], baseUrl: string | null): string {
  const address = baseUrl ?? providers[provider].defaultBaseUrl;
  if (address === null || isOwnRegion(provider, address)) return provider;
  return URL.parse(address)?.origin ?? address;
}

function isOwnRegion(provider: Channel['provider'], address: string): boolean {
  const url = URL.parse(address);
  if (url?.protocol !== 'https:' || url.port !== '') return false;
  if (provider === 'bedrock') return regionOfHost(address) !== null;
  return provider === 'vertex' && googleHost.test(url.hostname);
}

/** docs.cloud.google.com/vertex-ai/docs/reference/rest, read 2026-11-30. */
const googleHost = /^([a-z0-9-]+-)?aiplatform(\.(us|eu)\.rep)?\.googleapis\.com$/;

/** Throws a Problem that names `keys` when an edit would send a stored key to another destination. */
export function checkKeysStayThere(before: Channel, after: Channel): void {
  if (keyDestination(before) === keyDestination(after)) return;
  const known = new Set(before.keys.map(({ id }) => id));
  if (!after.keys.some(({ id }) => known.has(id))) return;
  throw fieldProblem(
    'keys',
    'give the keys again: the channel would send the stored ones to another host than they were entered for',
  );
}

/**
 * Makes the proof, in an export, that a sealed key was stored with this destination. Only ENCRYPTION_KEY can
 * make one.
 */
export function proofOfDestination(key: SealedKey, channel: Addressed, encryptionKey: string): string {
  const text = ['key destination v1', keyDestination(channel), key.iv, key.sealed].join('\n');
  return createHmac('sha256', encryptionKey).update(text).digest('base64');
}

/** Returns whether one of these encryption keys made the proof for this key and destination. */
export function isProven(
  key: SealedKey,
  proof: string | undefined,
  channel: Addressed,
  encryptionKeys: readonly string[],
): boolean {
  if (proof === undefined) return false;
  const given = Buffer.from(proof, 'base64');
  return encryptionKeys.some((encryptionKey) => {
    const own = Buffer.from(proofOfDestination(key, channel, encryptionKey), 'base64');
    return own.byteLength === given.byteLength && timingSafeEqual(own, given);
  });
}
