// Reads which conversation a request belongs to, as agents name it.
import { createHash } from 'node:crypto';
import { isObject } from '../../formats/json-reader.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Call } from '../call.ts';
import type { CallerBody } from './read-body.ts';

/** Claude Code; Codex, by both of its names; opencode and pi. Read in their sources, 2026-11. */
const sessionHeaders = ['x-claude-code-session-id', 'session-id', 'session_id', 'x-session-id'] as const;

/** Characters of a session's name that count. */
export const sessionCharacters = 256;

/** Returns the session's name as the client gave it, or null. */
export function sessionOf({ request }: Pick<Call, 'request'>, body: CallerBody): string | null {
  const header = sessionHeaders.map((name) => request.headers.get(name)?.trim()).find((value) => value);
  const named = header ?? (body.type === 'json' && isObject(body.value) ? sessionIn(body.value) : null);
  return named?.slice(0, sessionCharacters) || null;
}

function sessionIn({ prompt_cache_key: key, metadata }: JsonObject): string | null {
  if (typeof key === 'string' && key.trim() !== '') return key;
  const user = isObject(metadata) ? metadata.user_id : undefined;
  return typeof user === 'string' ? sessionOfUser(user) : null;
}

/** Claude Code's `user_…_account_…_session_<id>`, and its newer JSON with a `session_id`. */
function sessionOfUser(user: string): string | null {
  if (!user.startsWith('{')) return /_session_([\w-]+)$/.exec(user)?.[1] ?? null;
  try {
    const parts: unknown = JSON.parse(user);
    return isObject(parts) && typeof parts.session_id === 'string' ? parts.session_id : null;
  } catch {
    return null;
  }
}

/** Returns the `prompt_cache_key` of a session. It differs by account, so that no account finds another's cache. */
export function cacheKeyOf(accountId: string, session: string): string {
  return createHash('sha256').update(`${accountId}\n${session}`).digest('hex').slice(0, 32);
}
