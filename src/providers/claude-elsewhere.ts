// Claude on another cloud: the Messages body without the model's name, which is in the path, and with the version
// that Anthropic's own API has in a header. Pure, on JSON text: everything else stays byte for byte. Source:
// Anthropic's Bedrock and Vertex SDKs, packages/{bedrock,vertex}-sdk/src/client.ts of
// https://github.com/anthropics/anthropic-sdk-typescript (2026-11).
import { billingLineStart, systemWithoutBillingLine } from '../formats/claude-code-billing-line.ts';
import { isObject } from '../formats/json-reader.ts';
import { memberText, removeMember, replaceMember, topLevelMembers } from '../lib/json-members.ts';
import type { AdaptedBody } from './provider.ts';

/** Adds `anthropic_version` to the body, unless the caller gave one. */
export function withVersionInBody(text: string, version: string): string {
  const isThere = topLevelMembers(text).some(({ key }) => key === 'anthropic_version');
  return isThere ? text : replaceMember(text, 'anthropic_version', JSON.stringify(version));
}

/**
 * Removes the caching fields that only Anthropic knows, and that Bedrock and Vertex answer with 400 `Extra
 * inputs are not permitted`: a cache for the whole request, and the scope of a cache (Claude Code sends it).
 * Other caching stays. https://github.com/UKGovernmentBEIS/inspect_ai/pull/3851 (2026-05),
 * https://github.com/BerriAI/litellm/pull/22867 and https://github.com/maximhq/bifrost/pull/1558 (2026-02,
 * Vertex).
 */
export function withoutOwnCaching(text: string): AdaptedBody {
  if (!text.includes('"cache_control"')) return { text, dropped: [] };
  const scoped = withoutScopes(text);
  const bare = removeMember(scoped.text, 'cache_control');
  return {
    text: bare,
    dropped: bare === scoped.text ? scoped.dropped : ['cache_control', ...scoped.dropped],
  };
}

/** Removes Claude Code's line for Anthropic's billing, which no other provider should read. */
export function withoutBilling(text: string): string {
  if (!text.includes(billingLineStart)) return text;
  const member = topLevelMembers(text).findLast(({ key }) => key === 'system');
  if (member === undefined) return text;
  const before: unknown = JSON.parse(memberText(text, member));
  const after = systemWithoutBillingLine(before);
  if (after === undefined) return removeMember(text, 'system');
  const written = JSON.stringify(after);
  return written === JSON.stringify(before) ? text : replaceMember(text, 'system', written);
}

/** Parses and writes the body only if it has such a line. */
function withoutScopes(text: string): AdaptedBody {
  if (!text.includes('"scope"')) return { text, dropped: [] };
  let found = false;
  const body: unknown = JSON.parse(text, (key, value) => {
    if (key !== 'cache_control' || !isObject(value) || typeof value.scope !== 'string') return value;
    found = true;
    const { scope: _, ...rest } = value;
    return rest;
  });
  return found ? { text: JSON.stringify(body), dropped: ['cache_control.scope'] } : { text, dropped: [] };
}

/** The betas that an upstream refuses, by name. */
export function namesOfBetas(betas: readonly string[]): string[] {
  return betas.map((beta) => `anthropic-beta.${beta}`);
}

export function withoutMembers(text: string, keys: readonly string[]): string {
  return keys.reduce(removeMember, text);
}

/** Removes betas from the header `anthropic-beta`. */
export function takeBetas(headers: Headers): string[] {
  const header = headers.get('anthropic-beta') ?? '';
  headers.delete('anthropic-beta');
  return header
    .split(',')
    .map((beta) => beta.trim())
    .filter((beta) => beta !== '');
}

/** Returns the body's own `anthropic_beta`, if it is a list of names. */
export function betasInBody(text: string): string[] {
  const member = topLevelMembers(text).findLast(({ key }) => key === 'anthropic_beta');
  const value: unknown = member === undefined ? [] : JSON.parse(memberText(text, member));
  return Array.isArray(value) ? value.filter((beta) => typeof beta === 'string') : [];
}
