// Selects a request's channel and key.
import { describe, expect, it } from 'vitest';
import type { LiveChannel, Route } from '../../../src/routing/catalog.ts';
import { everyTargetCooling } from '../../../src/routing/failover.ts';
import { Health, targetName } from '../../../src/routing/health.ts';
import { selectTarget } from '../../../src/routing/select.ts';
import { plainChannel } from '../../support/plain-channel.ts';

const sealed = (id: string) => ({ id, hint: '', iv: '', sealed: '', encryptionKeyId: '' });

function route(id: string, more: Partial<LiveChannel> = {}, target: Route['translateTo'] = null): Route {
  const channel: LiveChannel = {
    ...plainChannel(id),
    plainKeys: null,
    lastResort: false,
    ...more,
  };
  return { channel, upstreamModel: 'm', translateTo: target };
}

const translated = { type: 'conversation', format: 'openai-chat' } as const;

function chosen(routes: Route[], health = new Health(), seed = 'a', tried: string[] = []): string | null {
  const choice = selectTarget(routes, health, { tried: new Set(tried), seed: () => seed, nowMs: 1_000 });
  return choice && targetName(choice);
}

function shares(routes: Route[], health = new Health()): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let request = 0; request < 4_000; request++) {
    const name = chosen(routes, health, `request ${request}`) ?? '';
    counts[name] = (counts[name] ?? 0) + 1 / 4_000;
  }
  return counts;
}

const failing = (...channelIds: string[]): Health => {
  const health = new Health();
  for (const channelId of channelIds) {
    health.failed({ channelId, keyId: null }, { kind: 'unavailable', reason: 'status 500' }, 900, 900, 0.5);
  }
  return health;
};

const limit = (health: Health, channelId: string, retryAfterMs: number) => {
  const failure = { kind: 'limited', reason: 'status 429', retryAfterMs } as const;
  health.failed({ channelId, keyId: null, upstreamModel: 'm' }, failure, 900, 900, 0.5);
};

describe('models in order', () => {
  const ofRank = (id: string, rank: number, more: Partial<LiveChannel> = {}) => ({
    ...route(id, more),
    rank,
  });

  it('selects the first model’s targets, whatever the priority of the second’s', () => {
    const routes = [ofRank('second', 1, { priority: 9 }), ofRank('first', 0)];
    expect(chosen(routes)).toBe('first');
    expect(chosen(routes, new Health(), 'a', ['first'])).toBe('second');
  });

  it('selects the second model while every target of the first is cooling down', () => {
    const routes = [ofRank('one', 0), ofRank('two', 0), ofRank('second', 1)];
    expect(chosen(routes, failing('one'))).toBe('two');
    expect(chosen(routes, failing('one', 'two'))).toBe('second');
  });
});

describe('the selection of a target', () => {
  it('prefers the highest priority, however many others there are', () => {
    expect(chosen([route('low'), route('high', { priority: 5 }), route('lowest', { priority: -1 })])).toBe(
      'high',
    );
  });

  it('uses a lower priority if no target of the highest is healthy', () => {
    expect(chosen([route('low'), route('high', { priority: 5 })], failing('high'))).toBe('low');
  });

  it('prefers the caller’s own format among equal priorities, not above a higher one', () => {
    expect(chosen([route('other', {}, translated), route('own')])).toBe('own');
    expect(chosen([route('other', { priority: 1 }, translated), route('own')])).toBe('other');
  });

  it('distributes by weight', () => {
    const counts = shares([route('one', { weight: 3 }), route('two', { weight: 1 })]);
    expect(counts.one).toBeGreaterThan(0.71);
    expect(counts.one).toBeLessThan(0.79);
  });

  it('gives weight 0 nothing beside others, and distributes evenly if all are 0', () => {
    expect(shares([route('one', { weight: 0 }), route('two')])).toEqual({ two: expect.closeTo(1) });
    expect(shares([route('one', { weight: 0 }), route('two', { weight: 0 })]).one).toBeGreaterThan(0.45);
  });

  it('splits a channel’s weight among its keys', () => {
    const counts = shares([route('one', { keys: [sealed('a'), sealed('b'), sealed('c')] }), route('two')]);
    expect(counts.two).toBeGreaterThan(0.46);
    expect(counts.two).toBeLessThan(0.54);
  });
});

describe('affinity', () => {
  it('chooses the same target for the same conversation', () => {
    const routes = ['one', 'two', 'three', 'four'].map((id) => route(id));
    const first = chosen(routes, new Health(), 'conversation');
    for (let turn = 0; turn < 20; turn++) expect(chosen(routes, new Health(), 'conversation')).toBe(first);
  });

  it('moves only the conversations of a removed target', () => {
    const routes = ['one', 'two', 'three'].map((id) => route(id));
    for (let conversation = 0; conversation < 300; conversation++) {
      const before = chosen(routes, new Health(), `c${conversation}`);
      const after = chosen(routes.slice(0, 2), new Health(), `c${conversation}`);
      if (before !== 'three') expect(after).toBe(before);
    }
  });
});

describe('failover', () => {
  it('never tries a target twice, and ends when all were tried', () => {
    const routes = [route('one', { keys: [sealed('a'), sealed('b')] }), route('two')];
    const tried: string[] = [];
    for (
      let name = chosen(routes, new Health(), 's', tried);
      name !== null;
      name = chosen(routes, new Health(), 's', tried)
    )
      tried.push(name);
    expect(tried.toSorted()).toEqual(['one/a', 'one/b', 'two']);
  });

  it('tries the target that recovers first if none is healthy', () => {
    const health = failing('one', 'two', 'two');
    health.failed({ channelId: 'two', keyId: null }, { kind: 'unavailable', reason: 'x' }, 5_000, 5_000, 0.5);
    expect(chosen([route('two'), route('one')], health)).toBe('one');
  });

  it('skips a target during its retry-after, and tries the other one', () => {
    const health = failing('one');
    limit(health, 'two', 60_000);
    expect(chosen([route('two'), route('one')], health)).toBe('one');
    // It was tried: the other one's retry-after has not ended.
    expect(chosen([route('two'), route('one')], health, 'a', ['one'])).toBeNull();
  });

  it('uses only the key that a request is bound to', () => {
    const bound = { ...route('one', { keys: [sealed('a'), sealed('b')] }), keyId: 'b' };
    for (const seed of ['1', '2', '3', '4']) expect(chosen([bound], new Health(), seed)).toBe('one/b');
    expect(chosen([bound], new Health(), '1', ['one/b'])).toBeNull();
  });
});

describe('the selection when every target is cooling down', () => {
  it('selects none during the retry-after of each, and reports when the first ends', () => {
    const health = new Health();
    for (const [index, id] of ['one', 'two', 'three'].entries()) limit(health, id, 60_000 - index * 10_000);
    const routes = ['one', 'two', 'three'].map((id) => route(id));
    expect(chosen(routes, health)).toBeNull();
    const error = everyTargetCooling(routes, health, 1_000);
    expect([error?.code, error?.details.retryAfterMs]).toEqual(['rate_limit_exceeded', 39_900]);
    expect(error?.message).toContain('Try again in 40 seconds.');
    // Nothing is known about the other model.
    expect(chosen([{ ...route('one'), upstreamModel: 'n' }], health)).toBe('one');
    expect(everyTargetCooling([{ ...route('one'), upstreamModel: 'n' }], health, 1_000)).toBeNull();
  });

  it('reports unavailable, not rate-limited, if one cause differs', () => {
    const health = new Health();
    limit(health, 'one', 60_000);
    const down = { kind: 'unavailable', reason: 'status 503', retryAfterMs: 30_000 } as const;
    health.failed({ channelId: 'two', keyId: null }, down, 900, 900, 0.5);
    const routes = [route('one'), route('two')];
    expect(chosen(routes, health)).toBeNull();
    expect(everyTargetCooling(routes, health, 1_000)?.code).toBe('service_unavailable');
  });

  it('tries the target that recovers first if one requested no cooldown', () => {
    const health = failing('one');
    limit(health, 'two', 60_000);
    const routes = [route('two'), route('one')];
    expect(chosen(routes, health)).toBe('one');
    expect(everyTargetCooling(routes, health, 1_000)).toBeNull();
    // The first to recover is tried; the refused key recovers after ten minutes.
    const refused = new Health();
    refused.failed({ channelId: 'one', keyId: null }, { kind: 'refused', reason: 'x' }, 900, 900, 0.5);
    limit(refused, 'two', 60_000);
    expect(chosen(routes, refused)).toBe('two');
  });

  it('tries a target once its retry-after is over', () => {
    const health = new Health();
    limit(health, 'one', 60_000);
    const at = (nowMs: number) =>
      selectTarget([route('one')], health, { tried: new Set(), seed: () => 's', nowMs })?.channelId;
    expect([at(60_899), at(60_900)]).toEqual([undefined, 'one']);
  });
});
