// Tests how an isolate records the failures that it observes.
import { describe, expect, it } from 'vitest';
import { cooldowns } from '../../../src/routing/cooldowns.ts';
import { Health, modelsIn, rememberedTargets } from '../../../src/routing/health.ts';

const key = { channelId: 'one', keyId: 'k1' };
const other = { channelId: 'one', keyId: 'k2' };
const unavailable = { kind: 'unavailable', reason: 'status 503' } as const;
const limited = (retryAfterMs: number | null) =>
  ({ kind: 'limited', reason: 'status 429', retryAfterMs }) as const;
const evenly = 0.5;

describe('a failed test', () => {
  it('is noted without a cooldown, until something succeeds or the operator fixes the key', () => {
    const health = new Health();
    health.succeeded(key, 1_000, 20, 1_020);
    health.testFailed(key, { status: 401, message: 'no such key' }, 2_000);
    expect(health.availability(key, 2_001)).toBe('ready');
    expect(health.report()['one/k1']).toMatchObject({ isTestFailed: true, lastStatus: 401, failures: 0 });
    expect(health.succeeded(key, 3_000, 20, 3_020)).toBe(true);
    expect(health.report()['one/k1']?.isTestFailed).toBeUndefined();
    health.testFailed(key, { status: null, message: null }, 4_000);
    expect(health.report()['one/k1']?.lastError).toBe('no answer');
    health.reset(key, 5_000);
    expect(health.report()['one/k1']?.isTestFailed).toBeUndefined();
  });
});

describe('a failed target', () => {
  it('cools down for a second, then admits one probe', () => {
    const health = new Health();
    health.failed(key, unavailable, 1_000, 1_000, evenly);
    expect(health.availability(key, 1_999)).toBe('cooling');
    expect(health.availability(key, 2_000)).toBe('probe');
    health.begin(key, 2_000);
    expect(health.availability(key, 2_001)).toBe('cooling');
    expect(health.availability(key, 2_000 + cooldowns.probeMs)).toBe('probe');
  });

  it('is ready again after a successful probe', () => {
    const health = new Health();
    health.failed(key, unavailable, 1_000, 1_000, evenly);
    health.begin(key, 2_500);
    expect(health.succeeded(key, 2_500, 20, 2_520)).toBe(true);
    expect(health.availability(key, 2_521)).toBe('ready');
  });

  it('doubles its cooldown each time, up to a minute, with jitter', () => {
    const health = new Health();
    let now = 0;
    const waits = Array.from({ length: 9 }, () => {
      health.failed(key, unavailable, now, now, evenly);
      const wait = health.coolUntilMs(key) - now;
      now = health.coolUntilMs(key);
      return wait;
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    const early = new Health();
    early.failed(key, unavailable, 0, 0, 0);
    const late = new Health();
    late.failed(key, unavailable, 0, 0, 0.999);
    expect(early.coolUntilMs(key)).toBeCloseTo(800);
    expect(late.coolUntilMs(key)).toBeGreaterThan(1_199);
  });

  it('counts concurrent requests as one failure', () => {
    const health = new Health();
    for (let request = 0; request < 32; request++)
      health.failed(key, unavailable, 900, 1_000 + request, evenly);
    expect(health.report().one).toMatchObject({ failures: 1, coolUntilMs: 2_000 });
  });

  it('is not reset by a success that began before its failure', () => {
    const health = new Health();
    health.failed(key, unavailable, 1_000, 1_000, evenly);
    health.succeeded(key, 900, 200, 1_100);
    expect(health.availability(key, 1_101)).toBe('cooling');
  });
});

describe('a probe', () => {
  const probing = () => {
    const health = new Health();
    health.failed(key, unavailable, 1_000, 1_000, evenly);
    health.begin(key, 2_000);
    return health;
  };

  it('is repeated by the next request if its caller left', () => {
    const health = probing();
    health.release(key);
    expect(health.availability(other, 2_100)).toBe('probe');
  });

  it('leaves the channel to its other keys if its key is rate-limited', () => {
    const health = probing();
    health.failed(key, limited(60_000), 2_000, 2_100, evenly);
    expect(health.availability(key, 2_101)).toBe('cooling');
    expect(health.availability(other, 2_101)).toBe('probe');
  });
});

describe('concurrent failures', () => {
  it('extend the cooldown although they count as one', () => {
    const health = new Health();
    health.failed(key, limited(null), 900, 1_000, evenly);
    expect(health.failed(key, limited(30_000), 900, 1_010, evenly)).toBe(true);
    expect([health.coolUntilMs(key), health.report()['one/k1']?.failures]).toEqual([31_010, 1]);
    expect(health.failed(key, limited(5_000), 900, 1_020, evenly)).toBe(true);
    expect(health.coolUntilMs(key)).toBe(31_010);
  });

  it('set the key aside like a refused one if one of them is a refusal', () => {
    const health = new Health();
    health.failed(key, limited(null), 900, 1_000, evenly);
    expect(health.failed(key, { kind: 'refused', reason: 'status 401' }, 900, 1_010, evenly)).toBe(true);
    expect(health.coolUntilMs(key)).toBe(1_010 + cooldowns.refusedFirstMs);
  });
});

describe('the scope of a failure', () => {
  it('is the whole channel for a 5xx', () => {
    const health = new Health();
    health.failed(key, unavailable, 0, 0, evenly);
    expect(health.availability(other, 1)).toBe('cooling');
  });

  it('is the key with that model for a 429, for as long as the upstream requested', () => {
    const health = new Health();
    const limitedModel = { ...key, upstreamModel: 'm' };
    const otherModel = { ...key, upstreamModel: 'n' };
    health.failed(limitedModel, limited(5_000), 0, 0, evenly);
    expect(health.availability(limitedModel, 4_999)).toBe('cooling');
    expect(health.availability(limitedModel, 5_000)).toBe('probe');
    expect(health.availability(otherModel, 1)).toBe('ready');
    expect(health.availability({ ...other, upstreamModel: 'm' }, 1)).toBe('ready');
  });

  it('is the key with that model for a 408, which is no rate limit', () => {
    const health = new Health();
    const target = { ...key, upstreamModel: 'm' };
    health.failed(target, { ...limited(5_000), kind: 'timeout' }, 0, 0, evenly);
    expect(health.availability({ ...key, upstreamModel: 'n' }, 1)).toBe('ready');
    expect(health.requestedCooldown(target, 1)).toEqual({ untilMs: 5_000, isLimited: false });
  });

  it('is the key with every model if the key was refused', () => {
    const health = new Health();
    health.failed({ ...key, upstreamModel: 'm' }, { kind: 'refused', reason: 'status 401' }, 0, 0, evenly);
    expect(health.availability({ ...key, upstreamModel: 'n' }, 1)).toBe('cooling');
    expect(health.availability(other, 1)).toBe('ready');
  });

  it('admits one probe of the model at a time, whose success restores the model', () => {
    const health = new Health();
    const target = { ...key, upstreamModel: 'm' };
    health.failed(target, limited(5_000), 0, 0, evenly);
    health.begin(target, 5_000);
    expect(health.availability(target, 5_001)).toBe('cooling');
    health.succeeded({ ...key, upstreamModel: 'n' }, 5_002, 10, 5_010);
    expect(health.availability(target, 5_011)).toBe('cooling');
    health.succeeded(target, 5_000, 10, 5_020);
    expect(health.availability(target, 5_021)).toBe('ready');
  });

  it('is the channel for as long as its 503 requested', () => {
    const health = new Health();
    health.failed(key, { ...unavailable, retryAfterMs: 40_000 }, 0, 0, evenly);
    expect([health.availability(other, 39_999), health.availability(other, 40_000)]).toEqual([
      'cooling',
      'probe',
    ]);
  });

  it('lasts at most an hour, whatever the upstream requested', () => {
    const health = new Health();
    health.failed(key, limited(86_400_000), 0, 0, evenly);
    expect(health.coolUntilMs(key)).toBe(cooldowns.retryAfterMostMs);
  });

  it('reports a refused key, which is set aside for ten minutes', () => {
    const health = new Health();
    health.failed(key, { kind: 'refused', reason: 'status 401' }, 0, 0, evenly);
    expect(health.availability(key, cooldowns.refusedFirstMs - 1)).toBe('cooling');
    expect(health.report()['one/k1']?.isRefused).toBe(true);
    expect(health.availability(other, 1)).toBe('ready');
  });
});

describe('a cooldown requested by an upstream', () => {
  it('is reported until it ends, unlike an estimated one', () => {
    const health = new Health();
    health.failed(key, unavailable, 0, 0, evenly);
    expect(health.requestedCooldown(key, 1)).toBeNull();
    health.failed(key, { ...unavailable, retryAfterMs: 9_000 }, 2_000, 2_000, evenly);
    expect(health.requestedCooldown(key, 10_999)).toEqual({ untilMs: 11_000, isLimited: false });
    expect(health.requestedCooldown(key, 11_000)).toBeNull();
  });

  it('ends with a success', () => {
    const health = new Health();
    health.failed(key, limited(60_000), 0, 0, evenly);
    health.succeeded(key, 1_000, 10, 1_100);
    expect(health.requestedCooldown(key, 1_101)).toBeNull();
  });

  it('is a rate limit only if all scopes report one', () => {
    const health = new Health();
    const target = { ...key, upstreamModel: 'm' };
    health.failed(target, limited(60_000), 0, 0, evenly);
    expect(health.requestedCooldown(target, 1)).toEqual({ untilMs: 60_000, isLimited: true });
    health.failed(target, { ...unavailable, retryAfterMs: 70_000 }, 1, 1, evenly);
    expect(health.requestedCooldown(target, 2)).toEqual({ untilMs: 70_001, isLimited: false });
  });
});

describe('the health of models', () => {
  it('is reported with their key and channel', () => {
    const health = new Health();
    health.failed({ ...key, upstreamModel: 'a/b#c' }, limited(5_000), 0, 0, evenly);
    health.failed({ channelId: 'two', keyId: null, upstreamModel: 'd' }, limited(5_000), 0, 0, evenly);
    const report = health.report();
    expect(modelsIn(report, 'one')).toMatchObject([{ keyId: 'k1', model: 'a/b#c' }]);
    expect(modelsIn(report, 'two')).toMatchObject([{ keyId: null, model: 'd' }]);
  });

  it('is reset with their key, without affecting a key with a similar name', () => {
    const health = new Health();
    const target = { ...key, upstreamModel: 'm' };
    const alike = { channelId: 'one', keyId: 'k1b', upstreamModel: 'm' };
    for (const each of [target, alike]) health.failed(each, limited(60_000), 0, 0, evenly);
    health.reset(key, 10);
    expect([target, alike].map((each) => health.availability(each, 11))).toEqual(['ready', 'cooling']);
  });

  it('never evicts the health of channels, however many models are requested', () => {
    const health = new Health();
    health.failed(key, unavailable, 0, 0, evenly);
    for (let model = 0; model <= rememberedTargets; model++)
      health.failed({ ...key, upstreamModel: `m${model}` }, limited(60_000), 0, 0, evenly);
    expect(modelsIn(health.report(), 'one')).toHaveLength(rememberedTargets);
    expect(health.report().one?.failures).toBe(1);
  });
});

describe('health reports between isolates', () => {
  it('include models of keys', () => {
    const [one, two] = [new Health(), new Health()];
    const target = { ...key, upstreamModel: 'm' };
    one.failed(target, limited(60_000), 1_000, 1_000, evenly);
    two.learn(one.report());
    expect(two.requestedCooldown(target, 1_001)).toEqual({ untilMs: 61_000, isLimited: true });
    expect(two.availability({ ...key, upstreamModel: 'n' }, 1_001)).toBe('ready');
  });

  it('replace older local observations', () => {
    const one = new Health();
    const two = new Health();
    one.failed(key, unavailable, 1_000, 1_000, evenly);
    two.learn(one.report());
    expect(two.availability(key, 1_500)).toBe('cooling');
    one.succeeded(key, 2_500, 10, 2_600);
    two.learn(one.report());
    expect(two.availability(key, 2_601)).toBe('ready');
  });

  it('do not replace newer local observations', () => {
    const one = new Health();
    const two = new Health();
    one.failed(key, unavailable, 1_000, 1_000, evenly);
    const old = one.report();
    two.learn(old);
    two.succeeded(key, 2_100, 10, 2_200);
    two.learn(old);
    expect(two.availability(key, 2_201)).toBe('ready');
  });
});

it('remembers a limited number of targets, and forgets the oldest', () => {
  const health = new Health();
  for (let target = 0; target <= rememberedTargets; target++) {
    health.failed({ channelId: `c${target}`, keyId: null }, unavailable, 0, 0, evenly);
  }
  expect(Object.keys(health.report())).toHaveLength(rememberedTargets);
  expect(health.report().c0).toBeUndefined();
});

describe('the last error', () => {
  const target = { channelId: 'ch', keyId: 'k' };
  const failure = {
    kind: 'refused',
    reason: 'status 401',
    status: 401,
    message: 'Incorrect API key',
  } as const;

  it('has the status and what the upstream said, and stays after a success', () => {
    const health = new Health();
    health.failed(target, failure, 0, 10, 0.5);
    health.succeeded(target, 20, 1, 30);
    expect(health.report()['ch/k']).toMatchObject({
      lastStatus: 401,
      lastMessage: 'Incorrect API key',
      failures: 0,
    });
  });

  it('is cut, because isolates exchange it', () => {
    const health = new Health();
    health.failed(target, { ...failure, message: 'x'.repeat(201) }, 0, 10, 0.5);
    expect(health.report()['ch/k']?.lastMessage).toBe(`${'x'.repeat(199)}…`);
    health.failed(target, { ...failure, message: 'x'.repeat(200) }, 20, 30, 0.5);
    expect(health.report()['ch/k']?.lastMessage).toHaveLength(200);
  });
});
