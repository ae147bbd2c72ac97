// For whom and for what a request is: the columns of its row.
import { describe, expect, it } from 'vitest';
import type { Call } from '../../../../src/relay/call.ts';
import { attributionOf } from '../../../../src/relay/request/attribution.ts';
import type { CallerBody } from '../../../../src/relay/request/read-body.ts';

interface Sent {
  body?: unknown;
  headers?: Record<string, string>;
  tags?: string[];
}

function attribution({ body = {}, headers = {}, tags }: Sent) {
  const request = new Request('http://relay.test/', { headers });
  const call = { request, identity: { ...(tags && { tags }) } } as unknown as Call;
  return attributionOf(call, { type: 'json', value: body } as CallerBody);
}

describe('the end user', () => {
  const endUser = (sent: Sent) => attribution(sent).endUser;
  const ofId = (id: unknown) => endUser({ body: { metadata: { user_id: id } } });

  it('is the first of the fields that name one, then a header', () => {
    const headers = { 'x-openwebui-user-id': 'header' };
    const metadata = { user_id: 'metadata' };
    const body = { safety_identifier: 'safe', user: 'user', metadata };
    expect(endUser({ body, headers })).toBe('safe');
    expect(endUser({ body: { ...body, safety_identifier: ' ' }, headers })).toBe('user');
    expect(endUser({ body: { metadata, user: 7 }, headers })).toBe('metadata');
    expect(endUser({ body: { metadata: 'text' }, headers })).toBe('header');
    expect(endUser({ body: null })).toBeNull();
  });

  it('is one person over many sessions of Claude Code, old and new', () => {
    const json = (account: string, session: string) =>
      ofId(JSON.stringify({ device_id: 'd1', account_uuid: account, session_id: session }));
    const old = (account: string, session: string) => ofId(`user_d1_account_${account}_session_${session}`);
    expect(new Set([json('a-1', '1f'), json('a-1', '2f'), old('a-1', '1f-2'), old('a-1', '3')])).toEqual(
      new Set(['a-1']),
    );
    expect(new Set([json('', '1f'), json('', '2f'), old('', '1f'), old('', '2f')])).toEqual(new Set(['d1']));
    expect(json('a-2', '1f')).not.toBe(json('a-1', '1f'));
  });

  it('stays as it is if it only looks like that', () => {
    for (const id of ['user_1', '{bad', '{}', '[1]', 'user_a_account_b', '{"device_id":7}'])
      expect(ofId(id)).toBe(id);
    expect(ofId(`{"device_id":"${'x'.repeat(2_000)}"}`)).toHaveLength(128);
  });

  it('has at most 128 characters, and so has a session', () => {
    const long = attribution({ body: { user: 'u'.repeat(129), prompt_cache_key: 's'.repeat(129) } });
    expect([long.endUser?.length, long.session?.length]).toEqual([128, 128]);
    const fits = attribution({ body: { user: 'u'.repeat(128), prompt_cache_key: 's'.repeat(128) } });
    expect(fits).toMatchObject({ endUser: 'u'.repeat(128), session: 's'.repeat(128) });
  });
});

describe('the tags', () => {
  const tagsOf = (header: string, tags?: string[]) =>
    attribution({ headers: { 'x-relay-tags': header }, ...(tags && { tags }) }).tags;

  it("are the token's, then the caller's, which cannot replace them", () => {
    expect(tagsOf('env=prod, project=evil', ['project=apollo'])).toEqual(['project=apollo', 'env=prod']);
    expect(attribution({ tags: ['a=b'] }).tags).toEqual(['a=b']);
    expect(attribution({}).tags).toBeNull();
  });

  it('are key=value; anything else is left out, and of two with one key the first counts', () => {
    expect(tagsOf(' a = 1 ,b,=c,d=,, e=f=g, a=2')).toEqual(['a=1', 'e=f=g']);
    expect(tagsOf('none')).toBeNull();
  });

  it('are at most 10 of 64 characters', () => {
    const many = Array.from({ length: 12 }, (_, index) => `k${index}=v`);
    expect(tagsOf(many.join(','))).toEqual(many.slice(0, 10));
    expect(tagsOf(many.join(','), ['own=1'])).toEqual(['own=1', ...many.slice(0, 9)]);
    expect(tagsOf(`k=${'v'.repeat(62)}`)?.[0]).toHaveLength(64);
    expect(tagsOf(`k=${'v'.repeat(63)}`)?.[0]).toHaveLength(64);
  });
});
