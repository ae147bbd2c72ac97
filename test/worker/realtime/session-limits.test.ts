// The time limits of a session, tested at their exact values with a fake clock.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { realtimeLimits } from '../../../src/realtime/limits.ts';
import { models, type Staged, stageSession } from './live-session.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const setup = JSON.stringify({ setup: { model: `models/${models.gemini}` } });
const firstFrames = {
  openai: JSON.stringify({ type: 'session.update', session: { type: 'realtime', model: models.openai } }),
  gemini: setup,
};

/** Waits for sockets, which no fake clock moves, by giving them up to `turns` turns of the event loop. */
async function waitUntil(isThere: () => boolean, turns = 3_000): Promise<void> {
  for (let turn = 0; turn < turns && !isThere(); turn++) await vi.advanceTimersByTimeAsync(0);
}

/** Waits until everything has arrived that was sent so far. */
const waitForQuiet = () => waitUntil(() => false, 100);

async function sendFrame({ client }: Staged, text: string, isThere: () => boolean): Promise<void> {
  client.socket.send(text);
  await waitUntil(isThere);
}

describe.each(['openai', 'gemini'] as const)(
  'time limits of a realtime session of %s',
  { timeout: 30_000 },
  (format) => {
    it('closes a session exactly when its time is over', async () => {
      const staged = await stageSession(format, null);
      const { client, upstream, rows, failures } = staged;
      await sendFrame(staged, firstFrames[format], () => upstream()?.received.length === 1);
      expect(upstream()?.received).toEqual([firstFrames[format]]);
      vi.advanceTimersByTime(realtimeLimits.sessionMs - 1);
      await waitForQuiet();
      expect([client.closed, rows]).toEqual([null, []]);
      vi.advanceTimersByTime(1);
      await waitUntil(() => client.closed !== null && upstream()?.closed !== null);
      expect(client.closed).toEqual({ code: 1001, reason: 'session_expired' });
      expect(upstream()?.closed?.code).toBe(1001);
      expect(client.received.map((text) => JSON.parse(text).error.code)).toEqual(
        format === 'openai' ? ['session_expired'] : [],
      );
      expect(rows).toMatchObject([{ status: 101, errorCode: 'session_expired' }]);
      expect(failures).toEqual([]);
    });

    it('closes a session that names no model exactly when the wait is over', async () => {
      const { client, upstream, rows } = await stageSession(format, null);
      vi.advanceTimersByTime(realtimeLimits.modelWaitMs - 1);
      await waitForQuiet();
      expect(client.closed).toBeNull();
      vi.advanceTimersByTime(1);
      await waitUntil(() => client.closed !== null);
      expect(client.closed).toEqual({ code: 1008, reason: 'invalid_request' });
      expect(upstream()).toBeNull();
      expect(rows).toMatchObject([{ status: 101, errorCode: 'invalid_request', channelId: null }]);
    });

    it('opens a session whose model is named just in time', async () => {
      const staged = await stageSession(format, null);
      vi.advanceTimersByTime(realtimeLimits.modelWaitMs - 1);
      await sendFrame(staged, firstFrames[format], () => staged.upstream()?.received.length === 1);
      vi.advanceTimersByTime(realtimeLimits.modelWaitMs);
      await waitForQuiet();
      expect(staged.client.closed).toBeNull();
      expect(staged.upstream()?.received).toEqual([firstFrames[format]]);
      staged.client.socket.close();
      await waitUntil(() => staged.rows.length > 0);
      expect(staged.rows).toMatchObject([{ status: 101, errorCode: null }]);
    });
  },
);
