// What the tests of official SDKs run against: a relay whose demo channels answer, and an upstream of the
// test's own for what the demo upstream never does.

import { demoModels } from '../../src/cli/demo-upstream/models.ts';
import { startDemoUpstream } from '../../src/cli/demo-upstream/server.ts';
import { startRelay, type TestRelay } from './relay.ts';
import { startUpstream, type TestUpstream } from './upstream.ts';

export interface SdkWorld {
  relay: TestRelay;
  /** Of no limits. */
  token: string;
  /** Behind a channel of each provider, for the models `own-<provider>`. Answers 500 until a test says how. */
  upstream: TestUpstream;
  stop(): Promise<void>;
}

/** Providers that the test's own upstream stands in for. */
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

/** What people write into a base URL's setting, by the relay's bare address. */
export const baseUrlForms: readonly [what: string, of: (address: string) => string][] = [
  ['the bare address', (address) => address],
  ['a trailing slash', (address) => `${address}/`],
  ['/v1', (address) => `${address}/v1`],
  ['/v1/', (address) => `${address}/v1/`],
  ['/v1beta', (address) => `${address}/v1beta`],
];

/** The error that `work` raises. Throws when it raises none. */
export async function raisedBy(work: () => Promise<unknown>): Promise<Error> {
  try {
    await work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was raised');
}

/** All items of a stream. */
export async function collect<Item>(stream: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of stream) items.push(item);
  return items;
}
