// Runs official SDKs against the running relay and the demo upstream. They share one relay, because starting one
// costs more than all their calls.
import { afterAll, beforeAll } from 'vitest';
import { type SdkWorld, startSdkWorld } from '../../support/sdk-world.ts';
import { anthropicClientTests } from './anthropic-client.ts';
import { geminiClientTests } from './gemini-client.ts';
import { openaiClientTests } from './openai-client.ts';
import { vercelClientTests } from './vercel-client.ts';

let world: SdkWorld;

beforeAll(async () => {
  world = await startSdkWorld();
});

afterAll(() => world?.stop());

openaiClientTests(() => world);
anthropicClientTests(() => world);
geminiClientTests(() => world);
vercelClientTests(() => world);
