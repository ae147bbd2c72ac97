// Reads a request's session id from the headers and bodies of the agents that send one.
import { describe, expect, it } from 'vitest';
import type { CallerBody } from '../../../../src/relay/request/read-body.ts';
import { cacheKeyOf, sessionCharacters, sessionOf } from '../../../../src/relay/request/session.ts';

function session(headers: Record<string, string>, value: unknown = {}): string | null {
  const request = new Request('http://relay.test/', { headers });
  return sessionOf({ request }, { type: 'json', value } as CallerBody);
}

describe('the session id of a request', () => {
  it.each(['x-claude-code-session-id', 'session-id', 'session_id', 'x-session-id'])(
    'is read from %s',
    (name) => {
      expect(session({ [name]: 's-1' })).toBe('s-1');
    },
  );

  it('is read from the body if no header names one', () => {
    expect(session({}, { prompt_cache_key: 'k' })).toBe('k');
    expect(session({}, { metadata: { user_id: 'user_ab_account_cd_session_1f-2e' } })).toBe('1f-2e');
    const json = JSON.stringify({ device_id: 'd', account_uuid: 'a', session_id: '1f-2e' });
    expect(session({}, { metadata: { user_id: json } })).toBe('1f-2e');
    expect(session({ 'session-id': 'h' }, { prompt_cache_key: 'k' })).toBe('h');
  });

  it('is null if nothing names one', () => {
    for (const value of [
      {},
      null,
      [],
      { metadata: { user_id: 'bob' } },
      { metadata: { user_id: '{bad' } },
      { prompt_cache_key: 7 },
    ])
      expect(session({}, value)).toBeNull();
    expect(session({ 'session-id': ' ' }, { prompt_cache_key: ' ' })).toBeNull();
    const request = new Request('http://relay.test/');
    expect(sessionOf({ request }, { type: 'none' })).toBeNull();
  });

  it('is limited in length', () => {
    const at = (length: number) => session({}, { prompt_cache_key: 'x'.repeat(length) })?.length;
    expect([at(sessionCharacters), at(sessionCharacters + 1)]).toEqual([
      sessionCharacters,
      sessionCharacters,
    ]);
  });

  it('becomes a different cache key for each account and session', () => {
    const keys = [cacheKeyOf('a', 's'), cacheKeyOf('b', 's'), cacheKeyOf('a', 't')];
    expect(new Set(keys).size).toBe(3);
    expect(cacheKeyOf('a', 's')).toBe(keys[0]);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  });
});
