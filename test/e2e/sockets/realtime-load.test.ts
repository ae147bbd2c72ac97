// Runs many sessions at once for a short time: no frame is lost or reordered. Speed is compared with a bare
// Durable Object in test/load/bench/realtime.ts.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LoadUpstream, runLoad, startLoadUpstream } from '../../support/realtime-load.ts';
import { channelTo } from '../../support/realtime-upstream.ts';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import { balanceOf } from '../sockets/scene.ts';

let relay: TestRelay;
let upstream: LoadUpstream;

beforeAll(async () => {
  [relay, upstream] = await Promise.all([startRelay(), startLoadUpstream()]);
  await relay.channel(channelTo(upstream));
});
afterAll(async () => {
  await relay?.stop();
  await upstream?.stop();
});

it('passes 25 frames a second each way in thirty sessions without loss or reordering', async () => {
  const { id, token } = await relay.token();
  const result = await runLoad({
    address: `${relay.url.replace('http', 'ws')}/v1/realtime?model=gpt-realtime`,
    headers: { authorization: `Bearer ${token}` },
    upstream,
    sessions: 30,
    framesPerSecond: 25,
    seconds: 4,
  });
  console.log(result);
  expect(result.sent).toBe(30 * 25 * 4 * 2);
  expect(result).toMatchObject({ arrived: result.sent, outOfOrder: 0 });
  expect(await balanceOf(relay, id)).toMatchObject({ open_requests: 0, reserved_usd: 0 });
});
