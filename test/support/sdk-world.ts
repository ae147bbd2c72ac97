// The environment of the tests with official SDKs: a relay with demo channels, and a scriptable upstream for what
// the demo upstream never does.

import { demoModels } from '../../src/cli/demo-upstream/models.ts';
import { startDemoUpstream } from '../../src/cli/demo-upstream/server.ts';
import { startRelay, type TestRelay } from './relay.ts';
import { startUpstream, type TestUpstream } from './upstream.ts';

export interface SdkWorld {
  relay: TestRelay;
  /** The value of a token without limits. */
  token: string;
  /**
   * Serves the models `own-<provider>` behind a channel of each provider. Answers 500 until a test sets its
   * handler.
   */
  upstream: TestUpstream;
  stop(): Promise<void>;
}

/** Providers that the scriptable upstream imitates. */
const ownProviders = ['openai', 'anthropic', 'gemini', 'cohere', 'jina', 'voyage'] as const;

/** Starts everything; `stop` ends it. */
export async function startSdkWorld(): Promise<SdkWorld> {
  const demo = await startDemoUpstream();
  const upstream = await startUpstream((_request, response) => void response.writeHead(500).end());
  const relay = await startRelay({ DEMO_BASE_URL: demo.url, DEMO_MODELS: JSON.stringify(demoModels) });
  for (const provider of ownProviders)
    await relay.channel({
      name: provider,
      provider,
      base_url: upstream.url,
      keys: ['own-key'],
      models: [`own-${provider}`],
    });
  const { token } = await relay.token();
  const stop = async () => {
    await Promise.all([relay.stop(), demo.close(), upstream.stop()]);
  };
  return { relay, token, upstream, stop };
}

/** Base URLs that people configure, by the relay's bare address. */
export const baseUrlForms: readonly [what: string, of: (address: string) => string][] = [
  ['the bare address', (address) => address],
  ['a trailing slash', (address) => `${address}/`],
  ['/v1', (address) => `${address}/v1`],
  ['/v1/', (address) => `${address}/v1/`],
  ['/v1beta', (address) => `${address}/v1beta`],
];

/** Returns the error that `work` throws. Throws if it throws none. */
export async function raisedBy(work: () => Promise<unknown>): Promise<Error> {
  try {
    await work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was raised');
}

/** Returns all items of a stream. */
export async function collect<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of stream) items.push(item);
  return items;
}
