// For whom and for what a request is, as its caller and its token say: three columns of its row. Nothing else depends on them.
import { isObject } from '../../formats/json-reader.ts';
import type { JsonObject } from '../../lib/json.ts';
import { type LogRow, rowLimits } from '../../metering/log-row.ts';
import type { Call } from '../call.ts';
import { bodyValue, type CallerBody } from './read-body.ts';
import { sessionOf } from './session.ts';

/** Returns the columns of a request. Texts are cut to the limits of a row. */
export function attributionOf(
  call: Pick<Call, 'request' | 'identity'>,
  body: CallerBody,
): Pick<LogRow, 'endUser' | 'session' | 'tags'> {
  const { headers } = call.request;
  const tags = tagsOf(call.identity.tags ?? [], headers.get('x-relay-tags'));
  return {
    endUser: endUserOf(headers, bodyValue(body))?.slice(0, rowLimits.endUserCharacters) ?? null,
    session: sessionOf(call, body)?.slice(0, rowLimits.sessionCharacters) ?? null,
    tags: tags.length === 0 ? null : tags,
  };
}

/**
 * OpenAI's `safety_identifier` and its predecessor `user`, Anthropic's `metadata.user_id`; Open WebUI names people in a header
 * (ENABLE_FORWARD_USER_INFO_HEADERS, https://docs.openwebui.com/getting-started/env-configuration, 2026-12).
 */
function endUserOf(headers: Headers, body: unknown): string | null {
  const fields: JsonObject = isObject(body) ? body : {};
  const user = isObject(fields.metadata) ? fields.metadata.user_id : undefined;
  return (
    textOf(fields.safety_identifier) ??
    textOf(fields.user) ??
    personOf(textOf(user)) ??
    textOf(headers.get('x-openwebui-user-id'))
  );
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

/** An id is no longer than this, however it is written. */
const longestUserId = 1_000;

/**
 * Claude Code's id has a session, which is left out. Up to 2.1.77: `user_<device>_account_<account>_session_<session>`; from 2.1.78 on JSON with
 * `device_id`, `account_uuid`, and `session_id` (https://github.com/ding113/claude-code-hub/pull/939, 2026-03-18). With an API key the account is
 * empty. The person is the account, else the device, so that both forms name the same one.
 */
function personOf(userId: string | null): string | null {
  if (userId === null || userId.length > longestUserId) return userId;
  const [, device, account] = /^user_([^_]+)_account_(.*?)_session_[\w-]+$/.exec(userId) ?? [];
  if (device !== undefined) return account || device;
  if (!userId.startsWith('{')) return userId;
  try {
    const parts: unknown = JSON.parse(userId);
    return isObject(parts) ? (textOf(parts.account_uuid) ?? textOf(parts.device_id) ?? userId) : userId;
  } catch {
    return userId;
  }
}

/** Returns the token's tags, then the caller's with other keys: `project=apollo, env=prod`. What is no tag is left out. */
function tagsOf(own: readonly string[], header: string | null): string[] {
  if (header === null) return [...own];
  const tags = new Map(own.map((tag) => [keyOf(tag), tag]));
  for (const part of header.slice(0, longestHeader).split(',')) {
    const [key = '', ...value] = part.split('=').map((text) => text.trim());
    const tag = `${key}=${value.join('=')}`.slice(0, rowLimits.tagCharacters);
    if (key !== '' && value.join('') !== '' && !tags.has(keyOf(tag))) tags.set(keyOf(tag), tag);
  }
  return [...tags.values()].slice(0, rowLimits.tags);
}

/** The rest of a longer header is not read. */
const longestHeader = 4_096;

function keyOf(tag: string): string {
  return tag.split('=', 1)[0] ?? tag;
}
