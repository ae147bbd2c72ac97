import { expect, it } from 'vitest';
import { alertEvents } from '../../../src/alerts/alert-event.ts';
import { alertText } from '../../../src/alerts/alert-text.ts';
import { alertBody, testBody } from '../../../src/alerts/webhook-body.ts';

const facts = {
  ...{ token_id: 'tok_1', account_id: 'acc_1', channel_id: 'ch_1', channel_name: 'Azure' },
  ...{
    model: 'gpt-4o',
    served_model: 'gpt-4o-mini',
    left_usd: 0.5,
    limit_usd: 10,
    sunset: '2027-01-01',
    error: 'status 502',
  },
};

it('says both ends of every event in a sentence', () => {
  for (const event of alertEvents)
    for (const status of ['opened', 'resolved'] as const) {
      const text = alertText(event, status, facts);
      expect(text, event).toMatch(/^The /);
      expect(text, event).not.toMatch(/undefined|null|NaN/);
    }
});

it('names what it is about, by its id if the name is not known', () => {
  expect(alertText('token.quota_low', 'opened', facts)).toBe('The token "tok_1" has $0.50 left of $10.00.');
  const small = alertText('token.quota_low', 'opened', { ...facts, left_usd: 0.00001 });
  expect(small).toBe('The token "tok_1" has $0.00001 left of $10.00.');
  expect(alertText('channel.down', 'opened', facts)).toBe('The channel "Azure" is down: status 502');
  expect(alertText('channel.down', 'opened', { channel_id: 'ch_1' })).toBe('The channel "ch_1" is down.');
});

it('cuts messages to what Discord takes', () => {
  const incident = {
    id: 'inc',
    event: 'channel.down',
    subject: 'ch',
    openedAtMs: 0,
    seenAtMs: 0,
    resolvedAtMs: null,
  } as const;
  const body = alertBody(
    { ...incident, facts: { channel_id: 'ch', error: 'x'.repeat(3_000) } },
    'opened',
    'discord',
  );
  expect(JSON.parse(body).content).toHaveLength(2_000);
  expect(JSON.parse(testBody('slack', 0)).text).toMatch(/^This is a test/);
});
