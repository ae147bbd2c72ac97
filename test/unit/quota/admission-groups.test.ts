// Which admissions of an isolate share a call to their ledger, with a clock of the test's own.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeadlineTimer } from '../../../src/lib/deadline-timer.ts';
import { AdmissionGroups, admissionGroupLimits } from '../../../src/quota/admission-groups.ts';
import type { Admission, AdmissionRequest } from '../../../src/quota/quota.ts';
import { noonMs } from './ledger-parts.ts';

const admitted: Admission = { outcome: 'admitted' };
const refused: Admission = { outcome: 'refused', code: 'insufficient_quota', message: 'No room.' };

/** What was sent: when, and the ids of the requests in one call. A call of its own has one. */
let sent: { atMs: number; ids: string[]; isShared: boolean }[];
let ledgerMs: number;
let fails: ((ids: string[]) => unknown) | null;
let clocks: DeadlineTimer[];
let groups: AdmissionGroups;

async function send<T>(ids: string[], isShared: boolean, answer: () => T): Promise<T> {
  sent.push({ atMs: Date.now() - noonMs, ids, isShared });
  await new Promise((resolve) => setTimeout(resolve, ledgerMs));
  const error = isShared ? fails?.(ids) : undefined;
  if (error !== undefined) throw error;
  return answer();
}

const answerTo = ({ requestId }: AdmissionRequest) => (requestId.startsWith('poor') ? refused : admitted);

beforeEach(() => {
  vi.useFakeTimers({ now: noonMs });
  sent = [];
  clocks = [];
  ledgerMs = 40;
  fails = null;
  groups = new AdmissionGroups({
    admit: (_, request) => send([request.requestId], false, () => answerTo(request)),
    admitAll: (_, requests) =>
      send(
        requests.map(({ requestId }) => requestId),
        true,
        () =>
          requests.map((request) =>
            request.requestId === 'broken' ? { outcome: 'failed', overloaded: false } : answerTo(request),
          ),
      ),
  });
});
afterEach(() => {
  for (const clock of clocks) clock.stop();
  vi.useRealTimers();
});

interface Pending {
  outcome: string;
  leave(): void;
}

/** Asks for admission as one request does, and notes the outcome. */
function admit(requestId: string, tokenId = 'tok_1'): Pending {
  const clock = new DeadlineTimer();
  clocks.push(clock);
  const controller = new AbortController();
  const pending: Pending = { outcome: 'waits', leave: () => controller.abort() };
  const caller = { background: () => undefined, clock, signal: controller.signal };
  groups.admit(tokenId, { requestId } as AdmissionRequest, caller).then(
    (admission) => {
      pending.outcome = admission?.outcome ?? 'no policy';
    },
    (error) => {
      pending.outcome = error.code;
    },
  );
  return pending;
}

const admitMany = (count: number, name = 'r') =>
  Array.from({ length: count }, (_, index) => admit(`${name}${index}`));
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Shows how slow the ledger is. */
async function warmUp(): Promise<void> {
  for (let round = 0; round < 4; round++) {
    admitMany(2, `warm${round}-`);
    await pass(ledgerMs);
  }
  sent = [];
}

describe('calls of their own', () => {
  it('are what four requests at a time get, however slow the ledger is', async () => {
    await warmUp();
    const atMs = Date.now() - noonMs;
    admitMany(4);
    expect(sent.map(({ atMs: at, isShared }) => ({ at, isShared }))).toEqual(
      Array.from({ length: 4 }, () => ({ at: atMs, isShared: false })),
    );
  });

  it('are what 63 requests at a time get while the ledger is fast', async () => {
    ledgerMs = 3;
    await warmUp();
    admitMany(admissionGroupLimits.manyCalls - 1);
    expect(sent).toHaveLength(admissionGroupLimits.manyCalls - 1);
    await pass(3);
    expect(sent.filter(({ isShared }) => isShared)).toEqual([]);
  });

  it('are what a request gets that cannot wait', async () => {
    await warmUp();
    admitMany(6);
    void groups.admit('tok_1', { requestId: 'session' } as AdmissionRequest, { background: () => undefined });
    expect(sent.at(-1)).toMatchObject({ ids: ['session'], isShared: false });
    await pass(60);
  });
});

describe('shared calls', () => {
  it('carry the requests that wait 5 ms after the first of them', async () => {
    await warmUp();
    const atMs = Date.now() - noonMs;
    const all = admitMany(6);
    await pass(3);
    all.push(admit('late'));
    await pass(2);
    expect(sent.slice(4)).toEqual([{ atMs: atMs + 5, ids: ['r4', 'r5', 'late'], isShared: true }]);
    await pass(40);
    expect(all.map(({ outcome }) => outcome)).toEqual(Array(7).fill('admitted'));
  });

  it('begin earlier when a call ends', async () => {
    await warmUp();
    const [first] = admitMany(1, 'first');
    await pass(38);
    admitMany(3, 'more');
    const waiting = admitMany(2, 'waiting');
    await pass(2);
    expect(first?.outcome).toBe('admitted');
    expect(sent.at(-1)).toMatchObject({ ids: ['waiting0', 'waiting1'], isShared: true });
    await pass(40);
    expect(waiting.map(({ outcome }) => outcome)).toEqual(['admitted', 'admitted']);
  });

  it('begin with the 65th request of a ledger whose speed is unknown', async () => {
    admitMany(admissionGroupLimits.manyCalls + 10);
    expect(sent).toHaveLength(admissionGroupLimits.manyCalls);
    await pass(5);
    expect(sent.slice(admissionGroupLimits.manyCalls).map(({ ids }) => ids.length)).toEqual([10]);
    await pass(40);
  });

  it('carry 200 requests at most', async () => {
    await warmUp();
    const all = admitMany(4 + admissionGroupLimits.requests + 7);
    await pass(50);
    expect(sent.slice(4).map(({ ids }) => ids.length)).toEqual([admissionGroupLimits.requests, 7]);
    await pass(40);
    expect(all.every(({ outcome }) => outcome === 'admitted')).toBe(true);
  });

  it('do not mix tokens', async () => {
    await warmUp();
    admitMany(5);
    admit('other', 'tok_2');
    expect(sent.at(-1)?.ids).toEqual(['other']);
    await pass(5);
    expect(sent.at(-1)?.ids).toEqual(['r4']);
    await pass(40);
  });

  it('give each request its own decision', async () => {
    await warmUp();
    admitMany(4);
    const [rich, poor, other] = [admit('rich'), admit('poor'), admit('other')];
    await pass(45);
    expect([rich, poor, other].map(({ outcome }) => outcome)).toEqual(['admitted', 'refused', 'admitted']);
  });

  it('end with single calls again when the ledger is fast', async () => {
    await warmUp();
    ledgerMs = 1;
    for (let round = 0; round < 12; round++) {
      admitMany(6, `round${round}-`);
      await pass(6);
    }
    sent = [];
    admitMany(6);
    expect(sent.map(({ ids }) => ids.length)).toEqual(Array(6).fill(1));
    await pass(6);
  });
});

describe('clients that leave', () => {
  it('are not sent, and take nobody along', async () => {
    await warmUp();
    admitMany(4);
    const [gone, stays] = [admit('gone'), admit('stays')];
    gone.leave();
    await pass(5);
    expect(sent.at(-1)?.ids).toEqual(['stays']);
    await pass(40);
    expect([gone.outcome, stays.outcome]).toEqual(['service_unavailable', 'admitted']);
  });

  it('pass their turn on to the next', async () => {
    await warmUp();
    admit('first');
    await pass(38);
    admitMany(3, 'more');
    const [gone, stays] = [admit('gone'), admit('stays')];
    await pass(1);
    gone.leave();
    await pass(1);
    expect(sent.at(-1)?.ids).toEqual(['stays']);
    await pass(40);
    expect(stays.outcome).toBe('admitted');
  });

  it('leave the call that they opened to the others', async () => {
    await warmUp();
    admitMany(4);
    const [opener, rider] = [admit('opener'), admit('rider')];
    await pass(10);
    opener.leave();
    await pass(35);
    expect(rider.outcome).toBe('admitted');
  });
});

describe('failures', () => {
  it('of a shared call are tried again by each request alone', async () => {
    await warmUp();
    fails = () => Object.assign(new Error('reset'), { retryable: true });
    admitMany(4);
    const all = admitMany(3, 'shared');
    await pass(45);
    expect(sent.slice(-3).map(({ ids, isShared }) => ({ ids, isShared }))).toEqual(
      ['shared0', 'shared1', 'shared2'].map((id) => ({ ids: [id], isShared: false })),
    );
    await pass(40);
    expect(all.map(({ outcome }) => outcome)).toEqual(['admitted', 'admitted', 'admitted']);
  });

  it('of an overloaded ledger are not tried again', async () => {
    await warmUp();
    fails = () => Object.assign(new Error('too many'), { retryable: true, overloaded: true });
    admitMany(4);
    const all = admitMany(3, 'shared');
    await pass(45);
    expect(sent).toHaveLength(5);
    expect(all.map(({ outcome }) => outcome)).toEqual(Array(3).fill('service_unavailable'));
  });

  it('of one request do not touch the others of its call', async () => {
    await warmUp();
    admitMany(4);
    const [broken, whole] = [admit('broken'), admit('whole')];
    await pass(45);
    expect(whole.outcome).toBe('admitted');
    expect(sent.at(-1)).toMatchObject({ ids: ['broken'], isShared: false });
    await pass(40);
    expect(broken.outcome).toBe('admitted');
  });

  it('of a ledger that never answers end with each request at its own deadline', async () => {
    await warmUp();
    ledgerMs = 1e9;
    admitMany(4);
    const first = admit('first');
    await pass(5_000);
    const second = admit('second');
    await pass(admissionGroupLimits.timeoutMs - 5_000 + 1_000);
    expect([first.outcome, second.outcome]).toEqual(['service_unavailable', 'waits']);
    await pass(5_000);
    expect(second.outcome).toBe('service_unavailable');
  });

  it('of calls whose invocation ended do not block later ones', async () => {
    await warmUp();
    ledgerMs = 1e9;
    admitMany(4);
    await pass(admissionGroupLimits.timeoutMs + 1);
    ledgerMs = 40;
    const later = admit('later');
    expect(sent.at(-1)).toMatchObject({ ids: ['later'], isShared: false });
    await pass(40);
    expect(later.outcome).toBe('admitted');
  });
});
