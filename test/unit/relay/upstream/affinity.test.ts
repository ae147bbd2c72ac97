// Tests the seed of a request's channel choice: the same for every turn of a conversation.
import { describe, expect, it } from 'vitest';
import type { Call } from '../../../../src/relay/call.ts';
import type { Plan } from '../../../../src/relay/plan/plan.ts';
import { affinitySeed } from '../../../../src/relay/upstream/affinity.ts';

function seedOf(value: object, tokenId = 'tok_1', headers: Record<string, string> = {}): string {
  const body = { type: 'json', value } as Plan['body'];
  const request = new Request('http://relay.test/', { headers });
  return affinitySeed({ identity: { tokenId }, request } as Call, { body } as Plan);
}

const cached = { cache_control: { type: 'ephemeral' } };
const text = (words: string, more: object = {}) => ({ type: 'text', text: words, ...more });
const user = (content: unknown) => ({ role: 'user', content });
const assistant = { role: 'assistant', content: 'Hello.' };

describe('the seed of a conversation', () => {
  it('stays the same while cache markers move, as in Claude Code', () => {
    const first = { messages: [user([text('Fix it.', cached)])] };
    const second = { messages: [user([text('Fix it.')]), assistant, user([text('More.', cached)])] };
    expect(seedOf(second)).toBe(seedOf(first));
  });

  it('stays the same when a client sends the same text as a string and as a part', () => {
    const first = { messages: [user('Fix it.')] };
    const second = { messages: [user([text('Fix it.')]), assistant, user([text('More.', cached)])] };
    expect(seedOf(second)).toBe(seedOf(first));
    const turns = { input: [{ role: 'user', content: [{ type: 'input_text', text: 'Fix it.' }] }] };
    expect(seedOf({ input: 'Fix it.' })).toBe(seedOf(turns));
  });

  it('stays the same when the model, the tools or the settings change', () => {
    const contents = [{ role: 'user', parts: [{ text: 'Fix it.' }] }];
    expect(seedOf({ contents, generationConfig: { temperature: 1 } })).toBe(seedOf({ contents }));
  });

  it('differs for another text, image, system prompt or token', () => {
    const system = (words: string) => ({ role: 'system', content: words });
    const image = (data: string) => user([{ type: 'image', source: { type: 'base64', data } }]);
    const seeds = [
      seedOf({ messages: [user('Fix it.')] }),
      seedOf({ messages: [user('Fix it.')] }, 'tok_2'),
      seedOf({ messages: [user('Break it.')] }),
      seedOf({ messages: [system('Be kind.'), user('Fix it.')] }),
      seedOf({ messages: [system('Be brief.'), user('Fix it.')] }),
      seedOf({ messages: [image('AAAA')] }),
      seedOf({ messages: [image('BBBB')] }),
    ];
    expect(new Set(seeds).size).toBe(seeds.length);
  });

  it('is the session id if the client sends one, whatever the content', () => {
    const session = { 'x-claude-code-session-id': 's1' };
    const first = seedOf({ messages: [user('Fix it.')] }, 'tok_1', session);
    expect(seedOf({ messages: [user('Another prompt.')] }, 'tok_1', session)).toBe(first);
    expect(seedOf({ messages: [user('Fix it.')] }, 'tok_1', { 'x-claude-code-session-id': 's2' })).not.toBe(
      first,
    );
    expect(seedOf({ messages: [user('Fix it.')] }, 'tok_2', session)).not.toBe(first);
    expect(seedOf({ messages: [user('Fix it.')], prompt_cache_key: 's1' })).toBe(first);
  });

  it('is random without a conversation', () => {
    expect(seedOf({ prompt: 'a dot' })).not.toBe(seedOf({ prompt: 'a dot' }));
    expect(seedOf({ messages: [] })).not.toBe(seedOf({ messages: [] }));
  });

  it('accepts any body', () => {
    for (const messages of [7, null, {}, [null], [7], ['x'], [[]], [{ role: 7, content: { a: [null] } }]])
      expect(typeof seedOf({ messages })).toBe('string');
  });
});
