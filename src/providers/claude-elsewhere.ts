// Claude behind another cloud's door: the Messages body without the model's name, which stands in the path, and with
// the version in it that Anthropic's own API has in a header. Pure, on JSON text: what is not edited stays as it was.
// Source: Anthropic's Bedrock and Vertex SDKs, packages/{bedrock,vertex}-sdk/src/client.ts of
// https://github.com/anthropics/anthropic-sdk-typescript (2026-11).
import { memberText, removeMember, replaceMember, topLevelMembers } from '../lib/json-members.ts';

/** The body with `anthropic_version`, unless the caller gave one. */
export function withVersionInBody(text: string, version: string): string {
  const isThere = topLevelMembers(text).some(({ key }) => key === 'anthropic_version');
  return isThere ? text : replaceMember(text, 'anthropic_version', JSON.stringify(version));
}

export function withoutMembers(text: string, keys: readonly string[]): string {
  return keys.reduce(removeMember, text);
}

/** Takes the betas of the header `anthropic-beta` out of the headers. */
export function takeBetas(headers: Headers): string[] {
  const header = headers.get('anthropic-beta') ?? '';
  headers.delete('anthropic-beta');
  return header
    .split(',')
    .map((beta) => beta.trim())
    .filter((beta) => beta !== '');
}

/** The body's own `anthropic_beta`, where it is a list of names. */
export function betasInBody(text: string): string[] {
  const member = topLevelMembers(text).findLast(({ key }) => key === 'anthropic_beta');
  const value: unknown = member === undefined ? [] : JSON.parse(memberText(text, member));
  return Array.isArray(value) ? value.filter((beta) => typeof beta === 'string') : [];
}
