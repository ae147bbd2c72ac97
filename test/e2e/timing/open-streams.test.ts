// Opens a thousand streams through one relay, and measures memory.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { endless, kinds, type StreamKind } from '../sockets/endless.ts';
import { workerdMemory } from '../sockets/memory.ts';
import { requestStream, type Scene, sleep, startScene } from '../sockets/scene.ts';

const streams = 1_000;

/** Each has two events a second: more would measure the machine's speed. */
const everyMs = 500;

/**
 * Measured 2026-11-30: 472 MB, 494 MB on a busy machine; npm and the supervisor add 155 MB. The limit for all
 * together is 650 MB.
 */
const workerdBytes = 520_000_000;

let scene: Scene;

beforeAll(async () => {
  scene = await startScene(endless(() => {}, everyMs));
});
afterAll(() => scene?.stop());

it('holds a thousand open streams within the memory limit', async () => {
  const { relay } = scene;
  const { token } = await relay.token();
  const leaving = new AbortController();
  const bytes = new Array<number>(streams).fill(0);
  const statuses: number[] = [];
  for (let index = 0; index < streams; index += 50) {
    const opening = Array.from({ length: 50 }, () =>
      requestStream(relay, kinds[0] as StreamKind, token, leaving.signal),
    );
    for (const [offset, response] of (await Promise.all(opening)).entries()) {
      statuses.push(response.status);
      void count(response, (size) => {
        bytes[index + offset] = (bytes[index + offset] ?? 0) + size;
      });
    }
  }
  expect(statuses.filter((status) => status !== 200)).toEqual([]);
  const before = [...bytes];
  await sleep(3_000);
  const memory = workerdMemory();
  console.log(`${streams} open streams: workerd has ${Math.round(memory / 1e6)} MB`);
  expect(bytes.filter((size, index) => size <= (before[index] ?? 0))).toEqual([]);
  expect(memory).toBeLessThan(workerdBytes);
  leaving.abort();
});

async function count(response: Response, add: (bytes: number) => void): Promise<void> {
  try {
    for await (const part of response.body ?? []) add(part.length);
  } catch {
    // The test has disconnected.
  }
}
