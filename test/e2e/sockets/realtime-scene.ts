// Starts a relay with one channel of realtime models, whose upstream answers by the test's script.
import {
  type RealtimeUpstream,
  type Script,
  startRealtimeUpstream,
} from '../../support/realtime-upstream.ts';
import { startRelay, type TestRelay } from '../../support/relay.ts';

export interface RealtimeScene {
  relay: TestRelay;
  upstream: RealtimeUpstream;
  stop(): Promise<void>;
}

/** Starts both. `script` decides at each event what the upstream does. */
export async function startRealtimeScene(
  script: () => Script,
  models: string[],
  modelMap: Record<string, string> = {},
): Promise<RealtimeScene> {
  const [relay, upstream] = await Promise.all([
    startRelay(),
    startRealtimeUpstream({
      opened: (session) => script().opened?.(session),
      event: (session, event) => script().event?.(session, event),
    }),
  ]);
  await relay.channel({
    name: 'realtime',
    provider: 'openai',
    base_url: upstream.url,
    keys: ['k'],
    models,
    model_map: modelMap,
  });
  const stop = async () => {
    await relay.stop();
    await upstream.stop();
  };
  return { relay, upstream, stop };
}
