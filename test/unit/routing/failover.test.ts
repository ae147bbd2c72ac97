// Tests failover with an imitated call: which targets are tried, and what is reported to their health.
import { describe, expect, it, vi } from 'vitest';
import { RelayError } from '../../../src/lib/relay-error.ts';
import type { LiveChannel, Route } from '../../../src/routing/catalog.ts';
import { type CurrentTry, Failover, type Tried } from '../../../src/routing/failover.ts';
import { SharedHealth } from '../../../src/routing/shared-health.ts';
import type { UpstreamFailure } from '../../../src/routing/upstream-failure.ts';
import { plainChannel } from '../../support/plain-channel.ts';

function route(id: string, rank = 0, more: Partial<LiveChannel> = {}): Route {
  const channel: LiveChannel = { ...plainChannel(id), plainKeys: ['k'], lastResort: false, ...more };
  return { channel, upstreamModel: `model-${rank}`, translateTo: null, rank };
}

const inOrder = (ids: string[]) => ids.map((id, index) => route(id, 0, { priority: -index }));

const attemptAt = ({ target }: CurrentTry<Route>, error: string | null) => ({
  channelId: target.channelId,
  keyId: target.keyId,
  status: error === null ? 200 : 503,
  error,
  durationMs: 5,
});

const answered = (current: CurrentTry<Route>): Tried<string, string> => ({
  outcome: 'answered',
  attempt: attemptAt(current, null),
  answer: current.target.channelId,
});

function failed(
  current: CurrentTry<Route>,
  { kind = 'unavailable' as UpstreamFailure['kind'], isReachable = true, isFinal = false } = {},
): Tried<string, string> {
  const failure = { kind, reason: 'status 503', retryAfterMs: null, mayBeDone: false };
  const attempt = attemptAt(current, failure.reason);
  return { outcome: 'failed', attempt, failure, isReachable, isFinal, failed: current.target.channelId };
}

function failoverOf(routes: Route[], attemptsPerModel = 3) {
  const health = new SharedHealth({ exchange: async () => ({}) });
  const background = (work: Promise<unknown>) => void work;
  const failover = new Failover({ routes, health, seed: () => 'seed', attemptsPerModel, background });
  const tried: string[] = [];
  const run = (answer: (current: CurrentTry<Route>) => Tried<string, string>, signal?: AbortSignal) =>
    failover.run(async (current) => {
      tried.push(`${current.target.channelId} ${current.target.route.rank}`);
      return answer(current);
    }, signal);
  return { failover, health, run, tried };
}

describe('Failover', () => {
  it('returns the first answer and records every attempt in order', async () => {
    const { failover, run } = failoverOf(inOrder(['a', 'b', 'c']));
    const result = await run((current) =>
      current.target.channelId === 'b' ? answered(current) : failed(current),
    );
    expect(result).toMatchObject({ outcome: 'answered', answer: 'b' });
    expect(failover.attempts.map(({ channelId, error }) => [channelId, error])).toEqual([
      ['a', 'status 503'],
      ['b', null],
    ]);
    expect(failover.current?.target.channelId).toBe('b');
  });

  it('tries a limited number of targets of each model, and none twice', async () => {
    const routes = [0, 1].flatMap((rank) =>
      ['a', 'b', 'c', 'd', 'e'].map((id) => route(`${id}${rank}`, rank)),
    );
    const { run, tried } = failoverOf(routes, 3);
    const result = await run((current) => failed(current));
    expect(result.outcome).toBe('failed');
    expect(tried.map((name) => name.at(-1))).toEqual(['0', '0', '0', '1', '1', '1']);
    expect(new Set(tried).size).toBe(6);
  });

  it('marks the last target', async () => {
    const { run } = failoverOf(inOrder(['a', 'b']));
    const last: boolean[] = [];
    await run((current) => {
      last.push(current.isLast);
      return failed(current);
    });
    expect(last).toEqual([false, true]);
  });

  it('retries a target that has answered for the next model', async () => {
    const { run, tried } = failoverOf([route('a', 0), route('a', 1)]);
    await run((current) => failed(current, { kind: 'limited' }));
    expect(tried).toEqual(['a 0', 'a 1']);
  });

  it.each([
    ['does not answer', { isReachable: false }],
    ['refuses its key', { kind: 'refused' as const }],
  ])('skips a target that %s for the next model', async (_, how) => {
    const { run, tried } = failoverOf([route('a', 0), route('a', 1)]);
    await run((current) => failed(current, how));
    expect(tried).toEqual(['a 0']);
  });

  it('tries no other target after a final failure', async () => {
    const { run, tried } = failoverOf(inOrder(['a', 'b']));
    const result = await run((current) => failed(current, { isFinal: true }));
    expect([result, tried]).toMatchObject([{ outcome: 'failed', failed: 'a' }, ['a 0']]);
  });

  it('stops at an error that is not the target’s fault, and leaves the target’s health unchanged', async () => {
    const { failover, health, run } = failoverOf(inOrder(['a', 'b']));
    const error = new RelayError('invalid_request', 'It cannot be written.');
    const result = await run((current) => ({
      outcome: 'stopped',
      attempt: attemptAt(current, 'invalid_request'),
      error,
    }));
    expect(result).toMatchObject({ outcome: 'stopped', error });
    expect(failover.attempts).toHaveLength(1);
    expect(health.current.report()).toEqual({});
  });

  it('tries no other target when its signal is aborted', async () => {
    const { run, tried } = failoverOf(inOrder(['a', 'b']));
    const leave = new AbortController();
    const result = await run((current) => {
      leave.abort('left');
      return failed(current);
    }, leave.signal);
    expect([result, tried]).toEqual([{ outcome: 'stopped', error: 'left' }, ['a 0']]);
  });

  it('reports successes and failures to the health of their targets', async () => {
    const { health, run } = failoverOf(inOrder(['a', 'b']));
    await run((current) => (current.target.channelId === 'a' ? failed(current) : answered(current)));
    const report = health.current.report();
    expect([report.a?.failures, report.b?.failures]).toEqual([1, 0]);
  });

  it('counts an unsuitable target as healthy', async () => {
    const { health, run } = failoverOf(inOrder(['a', 'b']));
    await run((current) => failed(current, { kind: 'unsuited' }));
    expect(Object.values(health.current.report()).map(({ failures }) => failures)).toEqual([0, 0]);
  });

  it('returns the cooldown if every target requested one', async () => {
    const { health, run, tried } = failoverOf(inOrder(['a']));
    const failure = { kind: 'unavailable', reason: 'status 503', retryAfterMs: 60_000 } as const;
    health.current.failed({ channelId: 'a', keyId: null }, failure, Date.now(), Date.now(), 0.5);
    const result = await run(answered);
    expect(result).toMatchObject({ outcome: 'untried', cooling: { code: 'service_unavailable' } });
    expect(tried).toEqual([]);
  });

  it('reports that there is no target', async () => {
    expect(await failoverOf([]).run(answered)).toEqual({ outcome: 'untried', cooling: null });
  });

  it('marks the last attempt as failed if its answer proves invalid', async () => {
    const { failover, health, run } = failoverOf(inOrder(['a']));
    vi.useFakeTimers({ now: Date.now() });
    try {
      await run(answered);
      vi.advanceTimersByTime(1_000);
      failover.failLate('an empty stream', { kind: 'unavailable', reason: 'an empty stream' });
      expect(failover.attempts.map(({ error }) => error)).toEqual(['an empty stream']);
      expect(health.current.report().a?.lastError).toBe('an empty stream');
      failover.failLate('an error', null);
      expect(health.current.report().a?.failures).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('skips a target whose key was refused after it had answered', async () => {
    const { failover, run } = failoverOf([route('a', 0), route('a', 1), route('b', 1, { priority: -1 })]);
    expect(await run(answered)).toMatchObject({ outcome: 'answered', answer: 'a' });
    failover.failLate('closed with 3000', { kind: 'refused', reason: 'closed with 3000' });
    expect(await run(answered)).toMatchObject({ outcome: 'answered', answer: 'b' });
  });
});
