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

let urls: string[];

/** Returns linked pages with that many names each. */
function pages(count: number, names: number): void {
  vi.stubGlobal('fetch', async (url: string) => {
    urls.push(url);
    const page = urls.length;
    const data = Array.from({ length: names }, (_, index) => ({ id: `claude-${page}-${index}` }));
    return Response.json({ data, has_more: page < count, last_id: `after-${page}` });
  });
}

beforeEach(() => {
  urls = [];
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it('has the limits that the documentation states', () => {
  expect(listLimits).toMatchObject({ pages: 20, names: 5_000, discoverMs: 20_000 });
});

describe('a model list of several pages', () => {
  it('is read up to the limit, page by page', async () => {
    pages(20, 3);
    expect(await discover()).toHaveLength(60);
    expect(urls).toHaveLength(20);
    expect(urls[1]).toBe('https://api.anthropic.com/v1/models?limit=1000&after_id=after-1');
  });

  it('is truncated above the limit', async () => {
    pages(21, 3);
    expect(await discover()).toHaveLength(60);
    expect(urls).toHaveLength(20);
  });

  it('ends at a page that refers to itself', async () => {
    vi.stubGlobal('fetch', async (url: string) => {
      urls.push(url);
      return Response.json({ data: [{ id: 'claude' }], has_more: true, last_id: 'same' });
    });
    await discover();
    expect(urls).toHaveLength(2);
  });
});

describe('a model list of names', () => {
  it('is read up to the limit', async () => {
    pages(5, 1_000);
    expect(await discover()).toHaveLength(5_000);
  });

  it('is truncated above the limit without another page request', async () => {
    pages(10, 999);
    const names = await discover();
    expect(names).toHaveLength(5_000);
    expect(names?.at(-1)).toBe('claude-6-4');
    expect(urls).toHaveLength(6);
  });
});

describe('a slow model list', () => {
  /** Answers after that long, or never if it is aborted. */
  function answersAfter(ms: number): void {
    vi.useFakeTimers();
    vi.stubGlobal('fetch', (url: string, { signal }: RequestInit) => {
      urls.push(url);
      return new Promise((resolve, reject) => {
        setTimeout(() => resolve(Response.json({ data: [{ id: 'claude' }] })), ms);
        signal?.addEventListener('abort', () => reject(new Error('aborted')));
      });
    });
  }

  it('is awaited up to the limit', async () => {
    answersAfter(19_500);
    const reading = discover();
    await vi.advanceTimersByTimeAsync(19_600);
    expect(await reading).toEqual(['claude']);
  });

  it('is abandoned at most a second after the limit, with a message for the operator', async () => {
    answersAfter(60_000);
    const reading = discover().then(
      () => 'read',
      (error: Error) => error.message,
    );
    await vi.advanceTimersByTimeAsync(21_100);
    expect(await reading).toBe('The model provider did not answer in time.');
  });
});
