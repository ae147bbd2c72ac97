// Reading an upstream's own list of models, within its limits: 20 pages, 5,000 names, 20 seconds.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LiveChannel } from '../../../src/routing/catalog.ts';
import { KeyRing } from '../../../src/routing/key-ring.ts';
import { listLimits, ModelLists } from '../../../src/routing/model-lists.ts';
import { plainChannel } from '../../support/plain-channel.ts';

const channel: LiveChannel = {
  ...plainChannel('ch_1'),
  provider: 'anthropic',
  plainKeys: ['key'],
  lastResort: false,
};
const discover = () => new ModelLists(new KeyRing({ seal: null, open: [] })).discover(channel);

let asked: string[];

/** Pages of so many names each, one behind the other. */
function pages(count: number, names: number): void {
  vi.stubGlobal('fetch', async (url: string) => {
    asked.push(url);
    const page = asked.length;
    const data = Array.from({ length: names }, (_, index) => ({ id: `claude-${page}-${index}` }));
    return Response.json({ data, has_more: page < count, last_id: `after-${page}` });
  });
}

beforeEach(() => {
  asked = [];
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it('is bounded as the documentation says', () => {
  expect(listLimits).toMatchObject({ pages: 20, names: 5_000, discoverMs: 20_000 });
});

describe('a list of pages', () => {
  it('is read whole up to the bound, each page by the one before', async () => {
    pages(20, 3);
    expect(await discover()).toHaveLength(60);
    expect(asked).toHaveLength(20);
    expect(asked[1]).toBe('https://api.anthropic.com/v1/models?limit=1000&after_id=after-1');
  });

  it('is cut beyond it', async () => {
    pages(21, 3);
    expect(await discover()).toHaveLength(60);
    expect(asked).toHaveLength(20);
  });

  it('that names the same page for ever ends there', async () => {
    vi.stubGlobal('fetch', async (url: string) => {
      asked.push(url);
      return Response.json({ data: [{ id: 'claude' }], has_more: true, last_id: 'same' });
    });
    await discover();
    expect(asked).toHaveLength(2);
  });
});

describe('a list of names', () => {
  it('is read whole up to the bound', async () => {
    pages(5, 1_000);
    expect(await discover()).toHaveLength(5_000);
  });

  it('is cut beyond it, and no further page is asked for', async () => {
    pages(10, 999);
    const names = await discover();
    expect(names).toHaveLength(5_000);
    expect(names?.at(-1)).toBe('claude-6-4');
    expect(asked).toHaveLength(6);
  });
});

describe('a list that takes its time', () => {
  /** Answers after so long, or never when it is given up. */
  function answersAfter(ms: number): void {
    vi.useFakeTimers();
    vi.stubGlobal('fetch', (url: string, { signal }: RequestInit) => {
      asked.push(url);
      return new Promise((resolve, reject) => {
        setTimeout(() => resolve(Response.json({ data: [{ id: 'claude' }] })), ms);
        signal?.addEventListener('abort', () => reject(new Error('aborted')));
      });
    });
  }

  it('is waited for up to the bound', async () => {
    answersAfter(19_500);
    const reading = discover();
    await vi.advanceTimersByTimeAsync(19_600);
    expect(await reading).toEqual(['claude']);
  });

  it('is given up beyond it, a second later at most, in words for the operator', async () => {
    answersAfter(60_000);
    const reading = discover().then(
      () => 'read',
      (error: Error) => error.message,
    );
    await vi.advanceTimersByTimeAsync(21_100);
    expect(await reading).toBe('The model provider did not answer in time.');
  });
});
